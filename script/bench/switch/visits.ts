/** What visitors do, how often, and what a right answer is. */
import { type Acknowledged, loadPage, logIn, postComment, type Visit } from "../../../test/lab/visits.ts";
import type { Crowd, Kind } from "./crowd.ts";

export type Outcome =
  | { readonly kind: "page" | "login" }
  | { readonly kind: "comment"; readonly comment: Acknowledged }
  | { readonly kind: "kept"; readonly name: string }
  | { readonly kind: "failure"; readonly reason: string; readonly mixed: boolean };

export type Planned = {
  readonly kind: Kind;
  readonly every_ms: number;
  readonly offset_ms: number;
  readonly pay: () => Promise<Outcome>;
};

const PATIENCE_MS = 60_000;
const SLOW_MS = [1_000, 1_500, 2_000] as const;

/** 50 small pages a second tell how long nobody is served; the others are what a shop has beside them: 200 orders a minute. */
export async function makeVisits(crowd: Crowd): Promise<readonly Planned[]> {
  const cookie = await session(crowd);
  let turn = 0;
  const post = () => crowd.posts[turn++ % crowd.posts.length] ?? 1;
  const plan = (kind: Kind, every_ms: number, visit: () => Visit, more: RequestInit = {}): Planned => ({
    ...{ kind, every_ms, offset_ms: Math.random() * every_ms },
    pay: () => pay(crowd, visit(), more),
  });
  const kept = (kind: Kind, every_ms: number, fields: Readonly<Record<string, string>>): Planned => ({
    ...{ kind, every_ms, offset_ms: Math.random() * every_ms },
    pay: () => keep(crowd, fields),
  });
  return [
    plan("page", 20, () => loadPage("/lab-page.php")),
    plan("wordpress", 250, () => loadPage(turn % 3 === 0 ? "/" : `/?p=${post()}`)),
    plan("logged_in", 1_000, () => loggedIn(loadPage("/")), { headers: { cookie } }),
    plan("comment", 1_000, () => postComment(post(), "a visitor")),
    kept("order", 300, {}),
    kept("note", 1_000, { note: "1" }),
    ...(crowd.slow ? [plan("slow", 3_000, () => loadPage(`/lab-page.php?ms=${SLOW_MS[turn++ % 3]}`))] : []),
  ];
}

async function pay(crowd: Crowd, visit: Visit, more: RequestInit): Promise<Outcome> {
  try {
    const response = await ask(`${crowd.url}${visit.path}`, { ...visit.options, ...more });
    const judged = visit.judge(response, await response.text());
    return judged.kind === "failure" ? failure(`${visit.what}: ${judged.reason}`, judged.mixed) : judged;
  } catch (error) {
    return failure(`${visit.what}: ${error}`);
  }
}

/** A row that the site says it has kept. */
async function keep(crowd: Crowd, fields: Readonly<Record<string, string>>): Promise<Outcome> {
  const name = crypto.randomUUID();
  try {
    const body = new URLSearchParams({ ...fields, name });
    const response = await ask(`${crowd.url}/lab-order.php`, { method: "POST", body });
    const text = await response.text();
    if (response.status === 201 && text === `kept ${name}`) return { kind: "kept", name };
    return failure(`POST: status ${response.status}, ${text.slice(0, 80)}`);
  } catch (error) {
    return failure(`POST: ${error}`);
  }
}

/** A page for somebody who is logged in shows WordPress's own bar. */
const loggedIn = (visit: Visit): Visit => ({
  ...visit,
  judge: (response, body) => {
    const judged = visit.judge(response, body);
    if (judged.kind !== "page" || body.includes("wp-admin-bar-logout")) return judged;
    return { kind: "failure", reason: "the session is not known any more" };
  },
});

async function session(crowd: Crowd): Promise<string> {
  const visit = logIn(crowd.account);
  const response = await ask(`${crowd.url}${visit.path}`, visit.options);
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  if (visit.judge(response, await response.text()).kind !== "login")
    throw new Error("A visitor could not log in before the measurement.");
  return cookies.join("; ");
}

const ask = (url: string, options: RequestInit) =>
  fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
const failure = (reason: string, mixed?: boolean): Outcome => ({
  kind: "failure",
  reason,
  mixed: mixed === true,
});
