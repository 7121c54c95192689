/** The HTTP side: finds the route, checks both directions against GitHub's schemas, applies faults, cuts pages. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Refusal } from "../github/errors.ts";
import { changed, type World } from "../github/world.ts";
import { graphql } from "../routes/graphql.ts";
import { answer, requestErrors } from "../validate.ts";
import { type Answer, faultAnswer, limits, problem, refusal, toAnswer } from "./answers.ts";
import { type Actor, authenticate } from "./auth.ts";
import type { Faults } from "./faults.ts";
import { authorize, type Match, makeRouter, type Route } from "./router.ts";

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

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
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
    await handle({ world: parts.world, actor: at.actor, accept: at.accept, url: at.url, ...request }),
    at.url,
  );
  if (given.raw !== undefined) return given;
  const { body, problems } = answer(operation, given.status, given.body);
  return problems.length > 0 ? problem(parts.world, operation, problems) : { ...given, body };
};

const answerGraphql = async (
  { world }: Parts,
  { request, url, body }: { readonly request: IncomingMessage; readonly url: URL; readonly body: unknown },
): Promise<Answer> => {
  try {
    const actor = await authenticate(world, request.headers.authorization);
    authorize(actor, "contents:read");
    const call = { world, actor, accept: "", url, body, params: {}, query: url.searchParams };
    return { status: 200, body: graphql(call), headers: {} };
  } catch (error) {
    if (error instanceof Refusal) return refusal(error.status, error.message, error.details);
    return problem(world, "POST /graphql", [error instanceof Error ? error.message : String(error)]);
  }
};

const respond = async (
  parts: Parts,
  find: ReturnType<typeof makeRouter>,
  call: { readonly request: IncomingMessage; readonly url: URL; readonly body: unknown },
): Promise<Answer> => {
  const { request, url, body } = call;
  const method = request.method ?? "GET";
  const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "");
  if (method === "POST" && /^(\/api)?\/graphql$/.test(path)) return answerGraphql(parts, call);
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
  /** By token: each installation has a limit of its own, and a token lives no longer than the hour that it counts. */
  const used = new Map<string, number>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", parts.world.url);
    if (await parts.beside(request, response, url)) return;
    const body = await readBody(request);
    const method = request.method ?? "GET";
    const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "");
    const readable = decodeURIComponent(path);
    const fault = parts.faults.take(`${method} ${readable}`);
    const broken = fault?.fault === "no-answer" || fault?.fault === "lost-answer";
    if (fault?.fault === "no-answer") return void request.socket.destroy();
    const given =
      fault && !broken ? faultAnswer(parts.world, fault) : await respond(parts, find, { request, url, body });
    const token = request.headers.authorization ?? "";
    used.set(token, (used.get(token) ?? 0) + 1);
    parts.seen.push({ method, path: readable, body, status: given.status });
    changed(parts.world);
    if (broken) return void request.socket.destroy();
    write(response, given, limits(parts.world, used.get(token) ?? 0));
  };
  return createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      parts.world.problems.push(`${request.method} ${request.url}: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
};
