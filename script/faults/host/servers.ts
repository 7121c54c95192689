/** A server of the laboratory that can be killed and started again exactly as it was. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Laboratory } from "../../../test/lab/laboratory.ts";
import { readProcess } from "../../../test/lab/processes.ts";

export type Breakable = {
  readonly pid: () => number;
  /** Kills it, with what it has started, at once. */
  readonly kill: () => void;
  /** Starts it again where it does not run; resolves when it answers. */
  readonly start: () => Promise<void>;
};
type Told = { readonly name: string; readonly pid: number; readonly ready: () => Promise<boolean> };

export async function breakable(lab: Laboratory, told: Told): Promise<Breakable> {
  const words = (await readFile(`/proc/${told.pid}/cmdline`, "utf8"))
    .split("\0")
    .filter((word) => word !== "");
  const [program = "", ...rest] = await commandOf(told.pid, words);
  let { pid } = told;
  return {
    pid: () => pid,
    kill: () => process.kill(-pid, "SIGKILL"),
    start: async () => {
      for (const until = Date.now() + 30_000; readProcess(pid) !== undefined && Date.now() < until; ) {
        if (await told.ready().catch(() => false)) return;
        await sleep(50);
      }
      const log = path.join(lab.folder, `${told.name}-again.log`);
      const server = await lab.start({
        name: told.name,
        command: [program, ...rest],
        log,
        ready: told.ready,
      });
      pid = server.pid;
    },
  };
}

/** PHP-FPM writes a title in place of its command line; its configuration stands in it. */
async function commandOf(pid: number, words: readonly string[]): Promise<readonly string[]> {
  const title = /master process \((\S+)\)/.exec(words.join(" "))?.[1];
  if (title === undefined) return words;
  const program = (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
  return [`/usr/sbin/${program}`, "--nodaemonize", "--fpm-config", title];
}
