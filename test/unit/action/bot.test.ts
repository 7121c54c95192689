import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { botClient } from "../../../src/action/bot.ts";

const JOB = "5f0c2c44-6d5c-4a39-9f0e-0d5e0f7b8a11";
const QUICK = { count: 3, firstWaitMs: 1 };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A bot on loopback that answers with the given listener; the returned URL is its address. */
async function bot(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a request carries the token, and is tried again while the bot answers 500", async () => {
  const seen: (string | undefined)[] = [];
  const url = await bot((request, response) => {
    seen.push(request.headers.authorization);
    response.statusCode = seen.length < 3 ? 500 : 200;
    response.end(JSON.stringify({ cancel: false }));
  });
  const client = botClient(url, async () => "proof", QUICK);
  await expect(client.events(JOB, [])).resolves.toEqual({ cancel: false });
  expect(seen).toEqual(["Bearer proof", "Bearer proof", "Bearer proof"]);
});

test("a refusal is final and keeps the bot's code and sentence", async () => {
  let requests = 0;
  const url = await bot((_request, response) => {
    requests += 1;
    response.statusCode = 409;
    response.end(JSON.stringify({ code: "head_changed", message: "The head moved." }));
  });
  await expect(botClient(url, async () => "proof", QUICK).claim(JOB)).rejects.toMatchObject({
    code: "HEAD_CHANGED",
    message: "The head moved.",
  });
  expect(requests).toBe(1);
});

test("an address that is not the bot's is said to be so", async () => {
  const url = await bot((_request, response) => {
    response.statusCode = 404;
    response.end("<html>");
  });
  await expect(botClient(url, async () => "proof", QUICK).claim(JOB)).rejects.toMatchObject({
    code: "BOT_REFUSED",
  });
});

test("a bot that cannot be reached is named with the reason and the remedy", async () => {
  const url = await bot(() => undefined);
  for (const close of closers.splice(0)) await close();
  await expect(botClient(url, async () => "proof", QUICK).claim(JOB)).rejects.toMatchObject({
    code: "BOT_UNREACHABLE",
    message: expect.stringContaining("ECONNREFUSED"),
    remedy: expect.stringContaining("bot-url"),
  });
});

test("an answer of another shape is not taken", async () => {
  const url = await bot((_request, response) => response.end(JSON.stringify({ job_id: "no" })));
  await expect(botClient(url, async () => "proof", QUICK).claim(JOB)).rejects.toThrow();
});

test("a run that was started by hand asks for its first job, and begins nothing where the bot is away", async () => {
  const asked: string[] = [];
  const url = await bot((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.statusCode = 202;
    response.end(JSON.stringify({ job_id: JOB }));
  });
  await expect(botClient(url, async () => "proof", QUICK).begin("production")).resolves.toEqual({
    job_id: JOB,
  });
  expect(asked).toEqual(["POST /api/runs"]);
  for (const close of closers.splice(0)) await close();
  await expect(botClient(url, async () => "proof", QUICK).begin("production")).rejects.toMatchObject({
    code: "BOT_UNREACHABLE",
    message: expect.stringContaining("could not be reached from the runner"),
  });
});
