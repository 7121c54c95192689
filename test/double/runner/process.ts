/** Starts a program as a runner does, in a process group of its own, and stops the whole group when the run is cancelled. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export type Started = {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly line: (text: string) => void;
  /** Aborted when the run is cancelled or out of time. */
  readonly stop: AbortSignal;
  /** Milliseconds from SIGINT to SIGTERM and from there to SIGKILL; 7500 and 2500 on a real runner. */
  readonly grace: readonly [number, number];
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
};

/** Interrupts, then terminates, then kills, until `ended`. */
const stopGroup = async (
  pid: number,
  grace: readonly [number, number],
  ended: AbortSignal,
): Promise<void> => {
  const waited = (ms: number): Promise<boolean> => sleep(ms, true, { signal: ended }).catch(() => false);
  signalGroup(pid, "SIGINT");
  if (!(await waited(grace[0]))) return;
  signalGroup(pid, "SIGTERM");
  if (await waited(grace[1])) signalGroup(pid, "SIGKILL");
};

/** The exit code; 128 and more for a signal, 127 when the program could not be started. */
export const runProcess = async ({ command, cwd, env, line, stop, grace }: Started): Promise<number> => {
  const [program, ...rest] = command;
  const child = spawn(program, rest, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new AbortController();
  const output = [child.stdout, child.stderr].map(async (input) => {
    for await (const text of createInterface({ input })) line(text);
  });
  const onStop = (): void => {
    if (child.pid !== undefined) void stopGroup(child.pid, grace, ended.signal);
  };
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const code = await new Promise<number>((resolve) => {
      child.once("error", (error) => {
        line(`Error: ${error.message}`);
        resolve(127);
      });
      child.once("exit", (status, signal) => resolve(status ?? (signal ? 128 : 1)));
    });
    ended.abort();
    // A real runner ends what a step leaves behind.
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    await Promise.all(output);
    return code;
  } finally {
    stop.removeEventListener("abort", onStop);
    ended.abort();
  }
};
