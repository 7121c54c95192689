/** The HTTP side: finds the route, checks both directions against GitHub's schemas, applies faults, cuts pages. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Refusal } from "../github/errors.ts";
import type { World } from "../github/world.ts";
import { answer, requestErrors } from "../validate.ts";
import { type Actor, authenticate } from "./auth.ts";
import type { Faults, PlannedFault } from "./faults.ts";
import { authorize, type Match, makeRouter, type Reply, type Route } from "./router.ts";

/** One request to the API, for tests that want to know what was asked. */
export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
};

/** Something beside the API (pages, OIDC): true when it answered. */
export type Beside = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<boolean> | boolean;

type Parts = {
  readonly world: World;
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly seen: Seen[];
  readonly beside: Beside;
};

type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  readonly raw?: string;
};

const HOURLY = 5000;
/** The API's default and largest page. */
const PAGE = 30;
const LARGEST_PAGE = 100;

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
};

const limits = (world: World, used: number): Record<string, string> => ({
  "x-ratelimit-limit": String(HOURLY),
  "x-ratelimit-remaining": String(Math.max(0, HOURLY - used)),
  "x-ratelimit-used": String(Math.min(used, HOURLY)),
  "x-ratelimit-reset": String(Math.floor(world.now().getTime() / 1000) + 3600),
  "x-ratelimit-resource": "core",
});

/** One page of a list, and the Link header that leads to the others. */
const paginate = (reply: { readonly list: readonly unknown[]; readonly key?: string }, url: URL): Answer => {
  const size = Math.min(LARGEST_PAGE, Number(url.searchParams.get("per_page") ?? PAGE));
  const page = Number(url.searchParams.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(reply.list.length / size));
  const link = (rel: string, to: number): string => {
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    return `<${target.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link("prev", page - 1), link("first", 1)] : []),
    ...(page < last ? [link("next", page + 1), link("last", last)] : []),
  ];
  const items = reply.list.slice((page - 1) * size, page * size);
  const body = reply.key ? { total_count: reply.list.length, [reply.key]: items } : items;
  return { status: 200, body, headers: links.length > 0 ? { link: links.join(", ") } : {} };
};

const toAnswer = (reply: Reply, url: URL): Answer => {
  if ("list" in reply) return paginate(reply, url);
  if ("raw" in reply)
    return { status: 200, body: null, headers: { "content-type": reply.type }, raw: reply.raw };
  return { status: reply.status ?? 200, body: reply.body, headers: {} };
};

const refusal = (
  status: number,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Answer => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", status: String(status), ...details },
  headers: {},
});

/** A mistake of the caller or of the double itself: recorded, and answered so that nobody can overlook it. */
const problem = (world: World, request: string, sentences: readonly string[]): Answer => {
  world.problems.push(...sentences.map((sentence) => `${request}: ${sentence}`));
  return refusal(500, `the test double of GitHub refuses: ${sentences.join("; ")}`);
};

const faultAnswer = (world: World, { fault, retryAfter }: PlannedFault): Answer => {
  if (fault === "rate-limit") {
    const reset = String(Math.floor(world.now().getTime() / 1000) + retryAfter);
    return {
      ...refusal(403, "API rate limit exceeded for installation."),
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
    };
  }
  if (fault === "secondary-rate-limit") {
    return {
      ...refusal(403, "You have exceeded a secondary rate limit."),
      headers: { "retry-after": String(retryAfter) },
    };
  }
  return refusal(Number(fault), "Server Error");
};

const perform = async (
  parts: Parts,
  match: Match,
  at: { readonly url: URL; readonly actor: Actor; readonly body: unknown; readonly accept: string },
): Promise<Answer> => {
  const { operation, needs, handle } = match.route;
  const request = { params: match.params, query: at.url.searchParams, body: at.body };
  const wrong = requestErrors(operation, request);
  if (wrong.length > 0) return problem(parts.world, operation, wrong);
  authorize(at.actor, needs);
  const given = toAnswer(
    await handle({ world: parts.world, actor: at.actor, accept: at.accept, ...request }),
    at.url,
  );
  if (given.raw !== undefined) return given;
  const { body, problems } = answer(operation, given.status, given.body);
  return problems.length > 0 ? problem(parts.world, operation, problems) : { ...given, body };
};

const respond = async (
  parts: Parts,
  find: ReturnType<typeof makeRouter>,
  call: { readonly request: IncomingMessage; readonly url: URL; readonly body: unknown },
): Promise<Answer> => {
  const { request, url, body } = call;
  const method = request.method ?? "GET";
  const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "");
  const match = find(method, path);
  if (!match)
    return problem(parts.world, `${method} ${path}`, [
      "no such route in the double; add it or correct the caller",
    ]);
  try {
    const actor = await authenticate(parts.world, request.headers.authorization);
    return await perform(parts, match, { url, actor, body, accept: request.headers.accept ?? "" });
  } catch (error) {
    if (error instanceof Refusal) return refusal(error.status, error.message, error.details);
    return problem(parts.world, match.route.operation, [
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    ]);
  }
};

const write = (response: ServerResponse, given: Answer, headers: Record<string, string>): void => {
  response.writeHead(given.status, {
    "content-type": "application/json; charset=utf-8",
    ...headers,
    ...given.headers,
  });
  const empty = given.status === 204 || given.body === undefined;
  response.end(given.raw ?? (empty ? undefined : JSON.stringify(given.body)));
};

/** The server, not yet listening. */
export const makeServer = (parts: Parts): Server => {
  const find = makeRouter(parts.routes);
  let used = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", parts.world.url);
    if (await parts.beside(request, response, url)) return;
    const body = await readBody(request);
    const method = request.method ?? "GET";
    const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "");
    const fault = parts.faults.take(`${method} ${path}`);
    const broken = fault?.fault === "no-answer" || fault?.fault === "lost-answer";
    if (fault?.fault === "no-answer") return void request.socket.destroy();
    const given =
      fault && !broken ? faultAnswer(parts.world, fault) : await respond(parts, find, { request, url, body });
    used += 1;
    parts.seen.push({ method, path, body, status: given.status });
    if (broken) return void request.socket.destroy();
    write(response, given, limits(parts.world, used));
  };
  return createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      parts.world.problems.push(`${request.method} ${request.url}: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
};
