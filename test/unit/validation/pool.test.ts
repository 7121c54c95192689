/** Packages are judged on threads of their own: whoever asks goes on meanwhile, and whatever is asked comes to an end. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import type { Fetch } from "../../../src/ports/packages.ts";
import { type JudgePool, judgePool, type PoolOptions } from "../../../src/validation/pool.ts";
import { edited, sample } from "../packages/repository.ts";
import { asked } from "./asked.ts";

vi.setConfig({ testTimeout: 240_000 });

const pools: JudgePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
function open(options: Partial<PoolOptions> = {}): JudgePool {
  const pool = judgePool(options);
  pools.push(pool);
  return pool;
}

const valid = { ok: true, answer: { kind: "head", found: { report: { valid: true } } } };
/** Seconds of computing. */
const LARGE = { packages: 150, versions: 6 };

it("answers a whole question, whose contents are fetched as they are missed", async () => {
  const { question, fetch } = asked(sample());
  const rounds: number[] = [];
  const pool = open();
  const counted: Fetch = (ids) => {
    rounds.push(ids.length);
    return fetch(ids);
  };
  expect(await pool.ask(question, counted)).toMatchObject(valid);
  expect(rounds.length).toBeGreaterThan(0);
  expect(rounds.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(sample().size);
});

it("requests are answered while it computes", async () => {
  const server = createServer((_request, response) => response.end("taken"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { question, fetch: contents } = asked(sample(LARGE));
  let judged = false;
  let fetched = 0;
  const counted: Fetch = (ids) => {
    fetched += 1;
    return contents(ids);
  };
  const answer = open()
    .ask(question, counted)
    .finally(() => {
      judged = true;
    });
  let answered = 0;
  while (!judged) {
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    answered += judged ? 0 : 1;
  }
  expect(await answer).toMatchObject(valid);
  server.close();
  // Judged on this thread, at most a few would get in whenever contents are fetched.
  expect(answered).toBeGreaterThan(20 * fetched);
});

it("ends what takes too long, and judges the next", async () => {
  const pool = open({ threads: 1, patience_ms: 1 });
  const { question, fetch } = asked(sample(LARGE));
  const lost = await pool.ask(question, fetch);
  expect(lost).toMatchObject({ ok: false, what: expect.stringContaining("took longer than") });
  const patient = open({ threads: 1 });
  expect(await patient.ask(question, fetch)).toMatchObject(valid);
});

it("ends what needs too much memory, and goes on", async () => {
  const { question, fetch } = asked(sample(LARGE));
  const lost = await open({ memory_mb: 12 }).ask(question, fetch);
  expect(lost).toEqual({ ok: false, what: "the validation needs more memory than it may have" });
});

it("fails as fetching fails, says what cannot be had, and serves on with the same threads", async () => {
  const pool = open({ threads: 1 });
  const { question, fetch } = asked(sample());
  const outage: Fetch = async () => {
    throw new Error("GitHub is away");
  };
  await expect(pool.ask(question, outage)).rejects.toThrow("GitHub is away");
  expect(await pool.ask(question, async () => new Map())).toMatchObject({
    ok: false,
    what: expect.stringMatching(/^GitHub does not give the content of `[0-9a-f]{12}`$/),
  });
  const large: Fetch = async (ids) => new Map(ids.map((id) => [id, new Uint8Array(50 * 1024 * 1024)]));
  expect(await pool.ask(question, large)).toEqual({
    ok: false,
    what: "the packages hold more than 128 MiB of text",
  });
  const answers = await Promise.all([1, 2, 3].map(() => pool.ask(question, fetch)));
  for (const answer of answers) expect(answer).toMatchObject(valid);
});

it("a guardrail that cannot be searched for is told, not thrown", async () => {
  const { question, fetch } = asked(sample());
  const guardrail = { id: "g", pattern: "(a)\\1", ignore_case: false, files: [], sentence: "x", remedy: "y" };
  const answer = await open().ask({ ...question, guardrails: [guardrail] }, fetch);
  expect(answer).toMatchObject({ ok: true, answer: { kind: "bad_guardrail" } });
});

it("what is wrong is found as without a thread", async () => {
  const file = "document_types/document_0001/releases/1.1.0/package.yaml";
  const tree = edited(sample(), file, (text) =>
    text.replace(/authority_level: .*/, "authority_level: absolute"),
  );
  const { question, fetch } = asked(tree);
  expect(await open().ask(question, fetch)).toMatchObject({
    answer: {
      found: {
        report: {
          valid: false,
          findings: [
            { file, rule: "version-bump" },
            { file, rule: "authority" },
          ],
        },
      },
    },
  });
});
