/** The three things that a visitor does, each with what a right answer to it is. */
import type { Site } from "./site.ts";
import type { Account } from "./wordpress.ts";

export type Acknowledged = { readonly id: number; readonly author: string; readonly content: string };

export type Visit = {
  /** For people: what was asked for. */
  readonly what: string;
  readonly path: string;
  readonly options: RequestInit;
  readonly judge: (response: Response, body: string) => Judgement;
};
export type Judgement =
  | { readonly kind: "page"; readonly version: string }
  | { readonly kind: "comment"; readonly comment: Acknowledged }
  | { readonly kind: "login" }
  | { readonly kind: "failure"; readonly reason: string; readonly mixed?: true };

const MARK = /data-(?:code|db|table|any|last|cache)="([^"]*)"/g;
const failure = (reason: string): Judgement => ({ kind: "failure", reason });

/** A page that no cache can have. All its marks (`data-code`, `data-db`, `data-table` and others) must be of one version. */
export function loadPage(path: string): Visit {
  const uncached = `${path}${path.includes("?") ? "&" : "?"}uncached=${crypto.randomUUID()}`;
  return { what: `GET ${path}`, path: uncached, options: {}, judge: judgePage };
}

function judgePage(response: Response, body: string): Judgement {
  if (response.status !== 200) return failure(`status ${response.status}`);
  if (body.length === 0) return failure("an empty body");
  if (!body.includes("Laboratory, end of page")) return failure("a page without its end");
  const marks = [...body.matchAll(MARK)].map(([, mark]) => mark ?? "");
  const [version, second] = marks;
  if (version === undefined || second === undefined || marks.includes(""))
    return failure("a page without its marks");
  if (marks.every((mark) => mark === version)) return { kind: "page", version };
  return { kind: "failure", reason: `a mixture: ${marks.join(", ")}`, mixed: true };
}

/** A comment, acknowledged by the redirect to its own address. */
export function postComment(post: number, author: string): Visit {
  const content = `Holds well. ${crypto.randomUUID()}`;
  const body = new URLSearchParams({
    author,
    email: `${crypto.randomUUID()}@lab.example`,
    comment: content,
    comment_post_ID: String(post),
  });
  return {
    what: "POST comment",
    path: "/wp-comments-post.php",
    options: { method: "POST", body, redirect: "manual" },
    judge: (response) => {
      const id = /#comment-(\d+)$/.exec(response.headers.get("location") ?? "")?.[1];
      if (response.status !== 302 || id === undefined)
        return failure(`status ${response.status} without the comment's address`);
      return { kind: "comment", comment: { id: Number(id), author, content } };
    },
  };
}

/** A login, acknowledged by the cookie of a session. */
export function logIn(account: Account): Visit {
  const body = new URLSearchParams({ log: account.login, pwd: account.password, testcookie: "1" });
  return {
    what: "POST login",
    path: "/wp-login.php",
    options: {
      method: "POST",
      body,
      redirect: "manual",
      headers: { cookie: "wordpress_test_cookie=WP%20Cookie%20check" },
    },
    judge: (response) => {
      const cookies = response.headers.getSetCookie().join("; ");
      if (response.status !== 302 || !cookies.includes("wordpress_logged_in_"))
        return failure(`status ${response.status} without a session`);
      return { kind: "login" };
    },
  };
}

/** Makes a visit. What went wrong on the way is a failure of the visit, never an exception. */
export async function pay(site: Site, visit: Visit): Promise<Judgement> {
  try {
    const response = await fetch(`${site.url}${visit.path}`, {
      ...visit.options,
      signal: AbortSignal.timeout(60_000),
    });
    return visit.judge(response, await response.text());
  } catch (error) {
    return failure(error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error));
  }
}
