/** GitHub's webhooks: bounded, signed, stored, answered. The work is done later, so the answer takes milliseconds. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "./body.ts";
import { ApiError } from "./errors.ts";
import { send } from "./router.ts";

export const WEBHOOK_PATH = "/api/github/webhooks";
/** GitHub sends no larger payloads. */
const LIMIT = 25 * 1024 * 1024;

export interface WebhookReceiver {
  /** Whether the text was signed with the App's secret. */
  verify(text: string, signature: string): Promise<boolean>;
  /** Stores a delivery whose signature holds. */
  receive(delivery: { readonly id: string; readonly name: string; readonly payload: unknown }): Promise<void>;
}

/** @returns a handler that answers POSTs to the webhook path and leaves everything else alone */
export function webhookHandler(receiver: WebhookReceiver, onFault: (error: unknown) => void) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> => {
    const path = new URL(incoming.url ?? "/", "http://bot").pathname;
    if (path !== WEBHOOK_PATH || incoming.method !== "POST") return false;
    try {
      await receive(receiver, incoming);
      send(outgoing, { status: 200, body: { ok: true } });
    } catch (error) {
      if (!(error instanceof ApiError)) onFault(error);
      const { status, code, message } =
        error instanceof ApiError
          ? error
          : new ApiError(500, "internal_error", "The delivery was not stored.");
      send(outgoing, { status, body: { code, message } });
    }
    return true;
  };
}

async function receive(receiver: WebhookReceiver, incoming: IncomingMessage): Promise<void> {
  const [id, name, signature] = ["x-github-delivery", "x-github-event", "x-hub-signature-256"].map((header) =>
    headerOf(incoming, header),
  );
  // Before a byte of the body is read: what is not even signed is not worth reading.
  if (!signature?.startsWith("sha256=")) throw new ApiError(401, "unsigned", "The delivery is not signed.");
  if (!id || !name)
    throw new ApiError(400, "bad_request", "X-GitHub-Delivery and X-GitHub-Event are needed.");
  const text = await readBody(incoming, LIMIT);
  if (text === "" || !(await receiver.verify(text, signature))) {
    throw new ApiError(401, "wrong_signature", "The signature was not made with this App's webhook secret.");
  }
  await receiver.receive({ id, name, payload: parse(text) });
}

function headerOf(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return typeof value === "string" && value.length <= 200 ? value : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(
      400,
      "bad_request",
      'The body is not JSON: choose content type "application/json" in the App.',
    );
  }
}
