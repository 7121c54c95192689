/** Clients that send slowly, or nothing: they are cut off, and others do not wait for them. */
import { once } from "node:events";
import type { Server } from "node:http";
import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeServer, httpServer, listen, urlOf } from "../../../src/http/server.ts";

const patience = { headersTimeout: 500, requestTimeout: 1_000, connectionsCheckingInterval: 50 };
const BEGINNINGS = {
  "no byte": "",
  "headers without end": "POST /api/github/webhooks HTTP/1.1\r\nhost: bot\r\nx-slow: ",
  "a body without end":
    "POST /api/github/webhooks HTTP/1.1\r\nhost: bot\r\nx-hub-signature-256: sha256=0\r\nx-github-delivery: d\r\n" +
    "x-github-event: issue_comment\r\ncontent-length: 1000\r\n\r\n{",
};

let server: Server;
beforeAll(async () => {
  const receiver = { verify: async () => false, receive: async () => {} };
  const alive = { method: "GET", path: "/healthz", handle: async () => ({ status: 200, body: {} }) } as const;
  const log = pino({ level: "silent" });
  server = httpServer({ routes: [alive], receiver, log, afterwards: () => {}, patience });
  await listen(server, { host: "127.0.0.1", port: 0 });
});
afterAll(() => closeServer(server));

async function slowClient(beginning: string): Promise<{ socket: Socket; ended: Promise<unknown> }> {
  const { hostname, port } = new URL(urlOf(server));
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.write(beginning);
  // A byte now and then, so that it never looks idle.
  const drip = setInterval(() => !socket.destroyed && socket.write("a"), 100);
  void ended.then(() => clearInterval(drip));
  return { socket, ended };
}

test.each(Object.entries(BEGINNINGS))("%s", { timeout: 60_000 }, async (_name, beginning) => {
  const clients = await Promise.all(Array.from({ length: 50 }, () => slowClient(beginning)));
  const answer = await fetch(`${urlOf(server)}/healthz`);
  expect(answer.status).toBe(200);
  await Promise.all(clients.map(({ ended }) => ended));
  expect(clients.every(({ socket }) => socket.destroyed)).toBe(true);
});
