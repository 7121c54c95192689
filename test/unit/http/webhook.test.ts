import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WEBHOOK_PATH, webhookHandler } from "../../../src/http/webhook.ts";

const SECRET = "only in this test";
const sign = (text: string) => `sha256=${createHmac("sha256", SECRET).update(text).digest("hex")}`;

let server: Server;
let url = "";
const stored: unknown[] = [];
const faults: unknown[] = [];

beforeAll(async () => {
  const receiver = {
    verify: async (text: string, signature: string) => signature === sign(text),
    receive: async (delivery: { id: string }) => {
      if (delivery.id === "store-is-down") throw new Error("no connection");
      stored.push(delivery);
    },
  };
  const handle = webhookHandler(receiver, (error) => faults.push(error));
  server = createServer(async (request, response) => {
    if (!(await handle(request, response))) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${WEBHOOK_PATH}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  stored.length = 0;
  faults.length = 0;
});

async function deliver(body: string | ReadableStream, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "x-github-delivery": "d1", "x-github-event": "issue_comment", ...headers },
    body,
    duplex: "half",
  } as RequestInit);
  return { status: response.status, body: await response.json() };
}

test("a signed delivery is stored and answered", async () => {
  const body = '{"action":"created"}';
  expect(await deliver(body, { "x-hub-signature-256": sign(body) })).toEqual({
    status: 200,
    body: { ok: true },
  });
  expect(stored).toEqual([{ id: "d1", name: "issue_comment", payload: { action: "created" } }]);
});

test("a wrong signature, another body, or none at all: 401, and nothing is stored", async () => {
  const wrong = { status: 401, body: { code: "wrong_signature" } };
  expect(await deliver("{}", { "x-hub-signature-256": `sha256=${"0".repeat(64)}` })).toMatchObject(wrong);
  expect(await deliver('{"a":1}', { "x-hub-signature-256": sign("{}") })).toMatchObject(wrong);
  expect(await deliver("", { "x-hub-signature-256": sign("") })).toMatchObject(wrong);
  expect(await deliver("{}")).toMatchObject({ status: 401, body: { code: "unsigned" } });
  expect(await deliver("{}", { "x-hub-signature-256": "sha1=abc" })).toMatchObject({ status: 401 });
  expect(stored).toEqual([]);
});

test("what is signed and not JSON, or has no delivery id, is a bad request", async () => {
  const form = "payload=%7B%7D";
  expect(await deliver(form, { "x-hub-signature-256": sign(form) })).toMatchObject({
    status: 400,
    body: { message: 'The body is not JSON: choose content type "application/json" in the App.' },
  });
  const headers = { "x-hub-signature-256": sign("{}"), "x-github-delivery": "" };
  expect(await deliver("{}", headers)).toMatchObject({ status: 400 });
  expect(stored).toEqual([]);
});

test("a body beyond GitHub's limit is not read to its end", async () => {
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  const refused = await deliver(endless, { "x-hub-signature-256": sign("") }).catch((error: Error) => error);
  // The answer may be lost with the connection, which is closed at once; what counts is that the reading ends.
  if (!(refused instanceof Error))
    expect(refused).toMatchObject({ status: 413, body: { code: "too_large" } });
  expect(sent).toBeLessThan(40 * 1024 * 1024);
  expect(stored).toEqual([]);
});

test("a delivery that could not be stored is answered with an error, so that GitHub lists it as failed", async () => {
  const headers = { "x-hub-signature-256": sign("{}"), "x-github-delivery": "store-is-down" };
  expect(await deliver("{}", headers)).toMatchObject({ status: 500, body: { code: "internal_error" } });
  expect(faults).toEqual([new Error("no connection")]);
});

test("other paths and methods are left alone", async () => {
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(`${url}/more`, { method: "POST" })).status).toBe(404);
});
