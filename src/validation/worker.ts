/** One thread, as the bot sees it: what is said to it is answered, or it is lost and the reason is told. */
import { Worker } from "node:worker_threads";
import type { Reply, Said } from "./messages.ts";

export interface ThreadLimits {
  /** Of one reply, in milliseconds; a thread that takes longer is ended. */
  readonly patience_ms: number;
  /** Of its heap, in MiB. */
  readonly memory_mb: number;
}

/** The thread is gone; `message` ends the sentence "Nothing was judged: ...". */
export class ThreadLost extends Error {}

export interface Thread {
  /** @throws ThreadLost */
  readonly say: (said: Said) => Promise<Reply>;
  readonly end: () => Promise<void>;
}

const SCRIPT = new URL("./thread.ts", import.meta.url);

export function startThread({ patience_ms, memory_mb }: ThreadLimits): Thread {
  const worker = new Worker(SCRIPT, {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memory_mb },
  });
  let lost: ThreadLost | null = null;
  let settle: ((reply: Reply | ThreadLost) => void) | null = null;
  const lose = (what: string) => {
    lost ??= new ThreadLost(what);
    settle?.(lost);
  };
  worker.on("message", (reply: Reply) => settle?.(reply));
  worker.on("error", (error) => lose(reasonOf(error)));
  worker.on("exit", () => lose("the validation ended early"));
  worker.unref();
  return {
    say: async (said) => {
      if (lost !== null) throw lost;
      const { promise, resolve } = Promise.withResolvers<Reply | ThreadLost>();
      settle = resolve;
      const seconds = Math.round(patience_ms / 1000);
      const timer = setTimeout(() => {
        lose(`the validation took longer than ${seconds} s`);
        void worker.terminate();
      }, patience_ms);
      worker.ref();
      worker.postMessage(said);
      const reply = await promise;
      clearTimeout(timer);
      worker.unref();
      if (reply instanceof ThreadLost) throw reply;
      return reply;
    },
    end: async () => void (await worker.terminate()),
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "the validation needs more memory than it may have";
  return `the validation broke off (${error instanceof Error ? error.message : String(error)})`;
}
