import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ApiError } from "../../../src/http/errors.ts";
import { parseBody } from "../../../src/http/query.ts";
import type { Route } from "../../../src/http/router.ts";
import { closeServer, httpServer, listen, urlOf } from "../../../src/http/server.ts";
import { logOptions } from "../../../src/log.ts";

const ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/api/things/{id}/turn",
    handle: async (request) => {
      if (request.token === null) throw new ApiError(401, "unauthorized", "Who asks?");
      return { status: 200, body: { ...request.params, ...(await parseBody(Body, request, 100)) } };
    },
  },
  {
    method: "GET",
    path: "/api/broken",
    handle: () => Promise.reject(Object.assign(new Error("select $1"), { params: ["a secret"] })),
  },
];
const Body = z.strictObject({ to: z.enum(["left", "right"]) });

let server: Server;
const lines: string[] = [];
beforeAll(async () => {
  const log = pino(logOptions("debug"), { write: (line: string) => void lines.push(line) });
  const receiver = { verify: async () => false, receive: async () => {} };
  server = httpServer({ routes: ROUTES, receiver, log, afterwards: () => {} });
  await listen(server, { host: "127.0.0.1", port: 0 });
});
afterAll(() => closeServer(server));

async function post(body: string, headers: Readonly<Record<string, string>> = { authorization: "Bearer t" }) {
  const response = await fetch(`${urlOf(server)}/api/things/7/turn`, { method: "POST", body, headers });
  return { status: response.status, body: await response.json() };
}

test("a route gets its parameters, its token and a parsed body", async () => {
  expect(await post('{"to":"left"}')).toEqual({ status: 200, body: { id: "7", to: "left" } });
});

test("who asks is settled before the body is read", async () => {
  expect(await post("not even JSON", {})).toMatchObject({ status: 401, body: { code: "unauthorized" } });
});

test("bodies that are wrong, no JSON, or too large", async () => {
  expect(await post('{"to":"up"}')).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("to") },
  });
  expect(await post('{"to":"left","force":true}')).toMatchObject({ status: 400 });
  expect(await post("{")).toEqual({
    status: 400,
    body: { code: "bad_request", message: "The body is not JSON." },
  });
  expect(await post(" ".repeat(101))).toMatchObject({ status: 413, body: { code: "too_large" } });
});

test("a method that a path does not have, and a path that is not there", async () => {
  const wrong = await fetch(`${urlOf(server)}/api/things/7/turn`);
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await fetch(`${urlOf(server)}/api/things/7/8/turn`, { method: "POST" })).status).toBe(404);
});

test("a fault is the bot's own business: the answer says nothing of it, the log no values", async () => {
  const response = await fetch(`${urlOf(server)}/api/broken`);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("select");
  const line = lines.find((one) => one.includes("a request failed"));
  expect(line).toContain("select $1");
  expect(line).not.toContain("a secret");
});

test("an address that cannot be read does not end the process", async () => {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.end("GET // HTTP/1.1\r\nhost: bot\r\n\r\n");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});
