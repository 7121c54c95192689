/** What runs on this machine, read from /proc. */
import { readdirSync, readFileSync } from "node:fs";

export type Process = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Clock ticks after boot. With the pid it names a process for good: pids are used again. */
  readonly started: string;
};

/** Processes that are to be ended: leaders of process groups, and the text that marks an environment. */
export type Wanted = {
  /** Leader's pid -> when it started. */
  readonly leaders: ReadonlyMap<number, string>;
  /** Whether a process carries the mark. */
  readonly marked: (pid: number) => boolean;
};

/** Every process but the ones that are already dead and only wait to be noticed. */
export function listProcesses(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** @returns undefined when there is none with this pid */
export function readProcess(pid: number): Process | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The program's name stands in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group] = fields;
  const started = fields[19];
  if (state === undefined || state === "Z" || state === "X" || started === undefined) return undefined;
  return { pid, parent: Number(parent), group: Number(group), started };
}

/** Whether a process was started with this assignment in its environment. */
export const hasEnvironment = (pid: number, assignment: string): boolean =>
  read(`/proc/${pid}/environ`).split("\0").includes(assignment);

/** The wanted process groups, whatever is marked, and everything that descends from either. */
export function chooseProcesses(all: readonly Process[], wanted: Wanted): readonly number[] {
  const startOf = new Map(all.map((process) => [process.pid, process.started]));
  const chosen = new Set<number>();
  for (const { pid, group } of all) {
    const leader = startOf.get(group);
    const known = wanted.leaders.get(group);
    // A group outlives its leader; but a living leader that started at another time is somebody else's.
    if ((known !== undefined && (leader === undefined || leader === known)) || wanted.marked(pid))
      chosen.add(pid);
  }
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    for (const process of all) if (chosen.has(process.parent)) chosen.add(process.pid);
  }
  return [...chosen];
}

/** Text of a file of /proc; empty when the process has just gone. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
