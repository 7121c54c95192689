/** Routes as data, and the way of a request through them: match, answer, and every error as `{code, message}`. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "./body.ts";
import { ApiError } from "./errors.ts";

export interface ApiRequest {
  /** Where it comes from, as the connection says. */
  readonly address: string;
  /** Values of the path's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The token of `Authorization: Bearer ...`; null when there is none. */
  readonly token: string | null;
  /** A header by its name in small letters; null when it is absent. */
  header(name: string): string | null;
  /** Reads and parses the body, once: who asks is checked first, so that strangers cannot make the bot read. */
  json(limit: number): Promise<unknown>;
}

export interface ApiResponse {
  readonly status: number;
  /** Sent as JSON; a `Text` as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is no JSON. */
export class Text {
  readonly text: string;
  readonly type: string;
  constructor(text: string, type: string) {
    this.text = text;
    this.type = type;
  }
}

export interface Route {
  readonly method: "GET" | "POST";
  /** As in OpenAPI: `/api/jobs/{id}/claim`. */
  readonly path: string;
  readonly handle: (request: ApiRequest) => Promise<ApiResponse>;
}

/** @returns a handler that answers a request below its routes, or leaves it alone and says false */
export function router(routes: readonly Route[], onFault: (error: unknown, route: Route) => void) {
  const compiled = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> => {
    const url = new URL(incoming.url ?? "/", "http://bot");
    const matches = compiled.filter(({ pattern }) => pattern.test(url.pathname));
    const match = matches.find(({ route }) => route.method === incoming.method);
    if (matches.length === 0) return false;
    if (match === undefined) {
      const allowed = matches.map(({ route }) => route.method).join(", ");
      outgoing.setHeader("allow", allowed);
      send(outgoing, errorOf(new ApiError(405, "method_not_allowed", `Use ${allowed} here.`)));
      return true;
    }
    const params = match.pattern.exec(url.pathname)?.groups ?? {};
    const response = await match.route.handle(requestOf(incoming, url, params)).catch((error: unknown) => {
      const known = unavailable(error) ?? error;
      if (!(known instanceof ApiError)) onFault(error, match.route);
      return errorOf(known);
    });
    send(outgoing, incoming.method === "GET" ? revalidated(response, incoming) : response);
    return true;
  };
}

/** What the asker has already is not sent again: a record that did not change costs a line (RFC 9110, If-None-Match). */
function revalidated(response: ApiResponse, incoming: IncomingMessage): ApiResponse {
  if (response.status !== 200 || response.body instanceof Text) return response;
  const etag = `"${createHash("sha256").update(JSON.stringify(response.body)).digest("base64url")}"`;
  const known = (incoming.headers["if-none-match"] ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  const headers = { ...response.headers, etag, "cache-control": "private, no-cache" };
  return known.includes(etag) ? { status: 304, body: null, headers } : { ...response, headers };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

function requestOf(incoming: IncomingMessage, url: URL, params: Record<string, string>): ApiRequest {
  return {
    address: incoming.socket.remoteAddress ?? "",
    params,
    query: url.searchParams,
    token: /^Bearer +(\S+)$/i.exec(incoming.headers.authorization ?? "")?.[1] ?? null,
    header: (name) => {
      const value = incoming.headers[name];
      return value === undefined ? null : String(value);
    },
    json: async (limit) => {
      const text = await readBody(incoming, limit);
      try {
        return JSON.parse(text);
      } catch {
        throw new ApiError(400, "bad_request", "The body is not JSON.");
      }
    },
  };
}

/** What GitHub could not tell is nobody's fault here, and may be asked again. */
function unavailable(error: unknown): ApiError | null {
  if (!(error instanceof Error) || error.name !== "GithubError") return null;
  return new ApiError(503, "github_unavailable", error.message);
}

function errorOf(error: unknown): ApiResponse {
  if (error instanceof ApiError) {
    const { status, code, message, verdict, headers } = error;
    return { status, body: { code, message, ...(verdict && { verdict }) }, headers };
  }
  const message = "Belay could not do this because of a fault of its own; it is in the bot's log.";
  return { status: 500, body: { code: "internal_error", message } };
}

export function send(outgoing: ServerResponse, { status, body, headers }: ApiResponse): void {
  if (outgoing.headersSent) return;
  const plain = body instanceof Text;
  const text = plain ? body.text : JSON.stringify(body);
  outgoing.writeHead(status, {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status !== 304 && {
      "content-type": plain ? body.type : "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(text),
    }),
    ...headers,
    // What was not read of a refused body must not be taken for the next request.
    ...(status >= 400 && { connection: "close" }),
  });
  outgoing.end(status === 304 ? undefined : text);
}
