/** The HTTP server: webhooks, then the API, then 404. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { type Route, router, send } from "./router.ts";
import { type WebhookReceiver, webhookHandler } from "./webhook.ts";

/** Longest wait for requests that are being answered when the bot stops. */
const DRAIN_MS = 10_000;

export interface Serving {
  readonly routes: readonly Route[];
  readonly receiver: WebhookReceiver;
  readonly log: Logger;
  /** What a request of the API wrote may be applied now. A webhook writes nothing to apply yet. */
  readonly afterwards: () => void;
  /** How long a client may take to send its headers and all of its request, and how often that is looked at. */
  readonly patience?: Patience;
}

export interface Patience {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
}

const PATIENCE: Patience = {
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};

export function httpServer({ routes, receiver, log, afterwards, patience = PATIENCE }: Serving): Server {
  const fault = (error: unknown) => log.error({ err: error }, "a request failed");
  const webhooks = webhookHandler(receiver, fault);
  const api = router(routes, fault);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (!URL.canParse(request.url ?? "", "http://bot")) return send(response, BAD_ADDRESS);
    if (await webhooks(request, response)) return;
    if (!(await api(request, response))) return send(response, NOTHING_HERE);
    afterwards();
  };
  return createServer({ ...patience }, (request, response) => {
    logWhenFinished(request, response, log);
    answer(request, response).catch((error: unknown) => {
      fault(error);
      response.destroy();
    });
  });
}

const BAD_ADDRESS = { status: 400, body: { code: "bad_request", message: "The address cannot be read." } };
const NOTHING_HERE = { status: 404, body: { code: "not_found", message: "There is nothing here." } };

function logWhenFinished(request: IncomingMessage, response: ServerResponse, log: Logger): void {
  const started = performance.now();
  response.on("finish", () => {
    const { method, url } = request;
    const ms = Math.round(performance.now() - started);
    log.debug({ method, path: url?.split("?", 1)[0], status: response.statusCode, ms }, "request");
  });
}

export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/** Answers what is being asked, and takes nothing more. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(late);
}
