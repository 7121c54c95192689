/**
 * Waits for a step of an operation on the host. The host writes a step to its journal before it begins it; the process that
 * wrote it is stopped (SIGSTOP) in the same turn, so that a fault finds it where it was.
 */
import { readFileSync, readlinkSync, watch } from "node:fs";
import path from "node:path";
import { MARK } from "../../../test/lab/guard.ts";
import { hasEnvironment, listProcesses, readProcess } from "../../../test/lab/processes.ts";
import type { Site } from "../../../test/lab/site.ts";
import { journalPath } from "./world.ts";

export type Moment = {
  /** Pid of the process that holds the host's lock, stopped; undefined where it has ended already. */
  readonly pid: number | undefined;
  readonly thaw: () => void;
};

/** The name of the moment in which requests and recovery must ask the database which release is active. */
export const IN_DOUBT = "in_doubt";

/** @returns undefined where `over` resolved first: the step never came */
export async function reach(
  site: Site,
  operation: string,
  step: string,
  over: Promise<unknown>,
): Promise<Moment | undefined> {
  const come = step === IN_DOUBT ? () => inDoubt(site, operation) : () => journalled(site, operation, step);
  const folder = path.join(site.root, step === IN_DOUBT ? ".belay/hold" : ".belay/journal");
  return new Promise((resolve) => {
    const look = () => {
      if (!come()) return;
      watcher.close();
      clearInterval(timer);
      resolve(freeze(site));
    };
    const watcher = watch(folder, look);
    // A look now and then, in case the kernel's message was lost.
    const timer = setInterval(look, 200);
    look();
    void over.then(() => {
      watcher.close();
      clearInterval(timer);
      resolve(undefined);
    });
  });
}

function journalled(site: Site, operation: string, step: string): boolean {
  return read(journalPath(site, operation)).includes(`"step": "${step}"`);
}

function inDoubt(site: Site, operation: string): boolean {
  try {
    const text = readlinkSync(path.join(site.root, ".belay/hold/state"));
    return text.startsWith("in-doubt:") && text.includes(operation);
  } catch {
    return false;
  }
}

function freeze(site: Site): Moment {
  const pid = holder(site);
  signal(pid, "SIGSTOP");
  return { pid, thaw: () => signal(pid, "SIGCONT") };
}

/** Who works on the site at this moment: the holder of the host's lock, or a module that looks only and needs none. */
export function holder(site: Site): number | undefined {
  const pid = Number(/"pid": (\d+)/.exec(read(path.join(site.root, ".belay/lock")))?.[1]);
  if (pid > 0 && readProcess(pid) !== undefined) return pid;
  const mark = `${MARK}=${path.dirname(path.dirname(site.root))}`;
  const modules = listProcesses().filter((one) => /^\S*python3\0$/.test(read(`/proc/${one.pid}/cmdline`)));
  return modules.find((one) => hasEnvironment(one.pid, mark))?.pid;
}

export function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
