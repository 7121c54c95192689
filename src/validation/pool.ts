/**
 * Judges packages on threads of their own, so that webhooks are answered meanwhile: a few at once, the others wait in turn. Whatever a
 * pull request holds, its judgement ends: by an answer, or by the limits of time and memory.
 */
import type { Fetch, Judged, PackageJudge } from "../ports/packages.ts";
import { startThread, type Thread, type ThreadLimits, ThreadLost } from "./worker.ts";

export interface PoolOptions extends ThreadLimits {
  readonly threads: number;
}

const USUAL: PoolOptions = { threads: 2, patience_ms: 120_000, memory_mb: 1_024 };

/** So much is held of one question's contents. Who brings more is told so, and nothing is judged by half. */
const MOST_BYTES = 128 * 1024 * 1024;
/** What is read leads to what is read next: manifests to artifacts, references to other manifests. */
const MOST_ROUNDS = 50;

export interface JudgePool extends PackageJudge {
  readonly close: () => Promise<void>;
}

export function judgePool(options: Partial<PoolOptions> = {}): JudgePool {
  const limits = { ...USUAL, ...options };
  const idle: Thread[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;
  const turn = async () => {
    if (busy < limits.threads) busy += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const done = () => {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  };
  return {
    ask: async (question, fetch) => {
      await turn();
      const thread = idle.pop() ?? startThread(limits);
      try {
        const judged = await converse(thread, question, fetch);
        idle.push(thread);
        return judged;
      } catch (error) {
        if (!(error instanceof ThreadLost)) {
          idle.push(thread);
          throw error;
        }
        void thread.end();
        return { ok: false, what: error.message };
      } finally {
        done();
      }
    },
    close: async () => {
      await Promise.all(idle.splice(0).map((thread) => thread.end()));
    },
  };
}

/** @throws ThreadLost, and whatever `fetch` throws */
async function converse(
  { say }: Thread,
  question: Parameters<PackageJudge["ask"]>[0],
  fetch: Fetch,
): Promise<Judged> {
  let reply = await say({ kind: "question", question });
  let bytes = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (reply.kind === "answer") return { ok: true, answer: reply.answer };
    if (reply.kind === "fault") throw new Error(`The packages could not be judged: ${reply.message}`);
    const files = await fetch(reply.ids);
    const lost = reply.ids.find((id) => !files.has(id));
    if (lost !== undefined)
      return { ok: false, what: `GitHub does not give the content of \`${lost.slice(0, 12)}\`` };
    for (const content of files.values()) bytes += content.byteLength;
    if (bytes > MOST_BYTES) return { ok: false, what: "the packages hold more than 128 MiB of text" };
    reply = await say({ kind: "files", files });
  }
  return { ok: false, what: "the packages refer to each other too deeply" };
}
