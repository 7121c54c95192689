/** Visitors of a site: they load uncached pages, post comments and log in until they are sent home, and note everything. */
import { z } from "zod";
import type { Account, Site } from "./wordpress.ts";

export type Acknowledged = { readonly id: number; readonly author: string; readonly content: string };
export type VisitorSummary = {
  readonly requests: number;
  /** One sentence for each failed request. */
  readonly failures: readonly string[];
  /** How many of the failures showed old and new in one page. */
  readonly mixed: number;
  /** Longest time in which no request of any visitor was answered. */
  readonly longest_gap_ms: number;
  /** Comments that the site said it took. */
  readonly comments: readonly Acknowledged[];
  readonly logins: number;
};
export type Visitors = {
  /** How many requests were answered so far. */
  readonly answered: () => number;
  readonly stop: () => Promise<VisitorSummary>;
};

type Visit = {
  readonly site: Site;
  readonly account: Account;
  readonly posts: readonly number[];
  readonly count?: number;
};
type Notes = {
  requests: number;
  failures: string[];
  mixed: number;
  longestGap: number;
  last: number;
  comments: Acknowledged[];
  logins: number;
};
type Visitor = Visit & { readonly name: string; readonly notes: Notes };

/** Lets visitors in. @param visit.posts ids of published posts that are open for comments */
export function letVisitorsIn(visit: Visit): Visitors {
  const notes: Notes = {
    requests: 0,
    failures: [],
    mixed: 0,
    longestGap: 0,
    last: performance.now(),
    comments: [],
    logins: 0,
  };
  let open = true;
  const walk = async (name: string, offset: number) => {
    const visitor: Visitor = { ...visit, name, notes };
    for (let step = offset; open; step++) await act(visitor, step);
  };
  const walks = Array.from({ length: visit.count ?? 4 }, (_, index) => walk(`visitor ${index + 1}`, index));
  return {
    answered: () => notes.requests,
    stop: async () => {
      open = false;
      await Promise.all(walks);
      return {
        requests: notes.requests,
        failures: notes.failures,
        mixed: notes.mixed,
        longest_gap_ms: Math.round(notes.longestGap),
        comments: notes.comments,
        logins: notes.logins,
      };
    },
  };
}

async function act(visitor: Visitor, step: number): Promise<void> {
  const kind = step % 5;
  if (kind === 3) await postComment(visitor, step);
  else if (kind === 4 && step % 3 === 0) await logIn(visitor);
  else await loadPage(visitor, kind === 0 ? "/" : `/?p=${visitor.posts[step % visitor.posts.length]}`, step);
}

async function loadPage(visitor: Visitor, path: string, step: number): Promise<void> {
  const separator = path.includes("?") ? "&" : "?";
  await request(
    visitor,
    `GET ${path}`,
    `${path}${separator}uncached=${visitor.name.replace(" ", "-")}-${step}`,
    { redirect: "follow" },
    (response, body) => {
      if (response.status !== 200) return `status ${response.status}`;
      if (body.length === 0) return "an empty body";
      if (!body.includes("Laboratory, end of page")) return "a page without its end";
      const marks = [...body.matchAll(/data-(?:code|db|table)="([^"]*)"/g)].map((match) => match[1]);
      if (marks.length < 2) return "a page without its marks";
      if (new Set(marks).size === 1) return undefined;
      visitor.notes.mixed += 1;
      return `a mixture: ${marks.join(", ")}`;
    },
  );
}

async function postComment(visitor: Visitor, step: number): Promise<void> {
  const author = `${visitor.name}, step ${step}`;
  const content = `Holds well. ${crypto.randomUUID()}`;
  const form = new URLSearchParams({
    author,
    email: `${crypto.randomUUID()}@lab.example`,
    comment: content,
    comment_post_ID: String(visitor.posts[step % visitor.posts.length]),
  });
  await request(
    visitor,
    "POST comment",
    "/wp-comments-post.php",
    { method: "POST", body: form, redirect: "manual" },
    (response) => {
      const id = /#comment-(\d+)$/.exec(response.headers.get("location") ?? "")?.[1];
      if (response.status !== 302 || id === undefined)
        return `status ${response.status} without the comment's address`;
      visitor.notes.comments.push({ id: Number(id), author, content });
      return undefined;
    },
  );
}

async function logIn(visitor: Visitor): Promise<void> {
  const form = new URLSearchParams({
    log: visitor.account.login,
    pwd: visitor.account.password,
    testcookie: "1",
  });
  const options: RequestInit = {
    method: "POST",
    body: form,
    redirect: "manual",
    headers: { cookie: "wordpress_test_cookie=WP%20Cookie%20check" },
  };
  await request(visitor, "POST login", "/wp-login.php", options, (response) => {
    const cookies = response.headers.getSetCookie().join("; ");
    if (response.status !== 302 || !cookies.includes("wordpress_logged_in_"))
      return `status ${response.status} without a session`;
    visitor.notes.logins += 1;
    return undefined;
  });
}

async function request(
  visitor: Visitor,
  what: string,
  path: string,
  options: RequestInit,
  judge: (response: Response, body: string) => string | undefined,
): Promise<void> {
  const { notes } = visitor;
  let problem: string | undefined;
  try {
    const response = await fetch(`${visitor.site.url}${path}`, {
      ...options,
      signal: AbortSignal.timeout(60_000),
    });
    problem = judge(response, await response.text());
  } catch (error) {
    problem = error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error);
  }
  const now = performance.now();
  notes.longestGap = Math.max(notes.longestGap, now - notes.last);
  notes.last = now;
  notes.requests += 1;
  if (problem !== undefined) notes.failures.push(`${what}: ${problem}`);
}

const Ids = z.array(z.coerce.number());
/** Of these ids, the ones that are not there. */
export const missing = (wanted: readonly Acknowledged[], there: unknown): readonly Acknowledged[] => {
  const found = new Set(Ids.parse(there));
  return wanted.filter((comment) => !found.has(comment.id));
};
