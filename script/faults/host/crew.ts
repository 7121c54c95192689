/** Several processes play the cases, each in a mount namespace of its own: file systems that are mounted there are gone with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../../bench/frame/output.ts";
import type { Case } from "./fault.ts";
import { failed, Row } from "./row.ts";

export type Crew = {
  readonly workers: number;
  /** While a file of this name exists, no case begins. */
  readonly pauseWhile: string | undefined;
};

/** Plays all cases; the rows of those that were played when a signal ended it, in the order of `cases`. */
export async function playAll(cases: readonly Case[], crew: Crew): Promise<readonly Row[]> {
  const waiting = [...cases];
  const rows = new Map<string, Row>();
  const people = Math.max(1, Math.min(crew.workers, cases.length));
  const children = new Set<ChildProcess>();
  let stopped = false;
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      stopped = true;
      waiting.length = 0;
      for (const child of children) child.kill("SIGTERM");
    });
  const shift = async (label: string) => {
    let child: ChildProcess | undefined;
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      while (crew.pauseWhile !== undefined && existsSync(crew.pauseWhile) && !stopped) await sleep(1_000);
      if (stopped) break;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
        child = hire(label);
        children.add(child);
      }
      const row = await ask(child, one);
      if (stopped) break;
      rows.set(one.name, row);
      report(row);
    }
    if (child?.connected) child.disconnect();
    if (child !== undefined) await ended(child);
  };
  await Promise.all(Array.from({ length: people }, (_, at) => shift(people === 1 ? "1" : String(at + 1))));
  return cases.flatMap(({ name }) => rows.get(name) ?? []);
}

function hire(label: string): ChildProcess {
  const program = path.join(import.meta.dirname, "worker.ts");
  const words = ["--mount", "--propagation", "private", process.execPath, program, label];
  return spawn("unshare", words, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/** The row of a case; a process that ends before it told one has failed at it. */
function ask(child: ChildProcess, one: Case): Promise<Row> {
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (row: Row) => {
      child.off("message", told).off("exit", gone);
      resolve(row);
    };
    const told = (row: unknown) => done(Row.parse(row));
    const gone = () => done(failed(one, "the process that played it ended", started));
    child.once("message", told).once("exit", gone);
    child.send(one.name, (error) => (error ? gone() : undefined));
  });
}

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });

function report(row: Row): void {
  const words = row.survived ? "held  " : "FAILED";
  say(`${words} ${row.name} (${row.seconds} s, ${row.ended}): ${row.complaints.join("; ")}`);
}
