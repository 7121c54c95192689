/** Starts a server in the foreground, in a process group of its own, and stops it by its pid. */
import { randomInt } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Guard } from "./guard.ts";

export type Server = {
  readonly name: string;
  readonly pid: number;
  /** Asks it to end and waits; after 10 s it is killed. */
  readonly stop: () => Promise<void>;
};

export type Start = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** File for what it prints. */
  readonly log: string;
  /** Whether the server answers; asked until it does, for 30 s. */
  readonly ready: () => Promise<boolean>;
  /** Ends the server also when this process dies. */
  readonly guard?: Guard;
};

/**
 * A TCP port of the loopback interface that was free a moment ago. It lies below the ports that outgoing connections get, so that
 * none of these takes it before the server does.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error("No free port was found between 20000 and 32000 on 127.0.0.1.");
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** Starts a program and waits until it answers. If it ends or does not answer, the error quotes what it printed last. */
export async function startServer(start: Start): Promise<Server> {
  const [file, ...rest] = start.command;
  // The child writes to the file by itself, so that a program it leaves behind cannot keep this process waiting.
  const log = (await open(start.log, "a")).createWriteStream();
  const child = execa(file, rest, {
    detached: true,
    cleanup: false,
    stdin: "ignore",
    stdout: log,
    stderr: log,
    reject: false,
    ...(start.guard === undefined ? {} : { env: start.guard.mark }),
  });
  const pid = child.pid;
  if (pid !== undefined) start.guard?.watch(pid);
  let ended = false;
  const end = child.then(() => {
    ended = true;
  });
  log.close();
  const stop = async () => {
    if (pid === undefined || ended) return;
    signalGroup(pid, "SIGTERM");
    const patience = setTimeout(() => signalGroup(pid, "SIGKILL"), 10_000);
    await end;
    clearTimeout(patience);
  };
  for (let attempt = 0; attempt < 600 && !ended; attempt++) {
    if (pid !== undefined && (await start.ready().catch(() => false))) return { name: start.name, pid, stop };
    await sleep(50);
  }
  const what = ended ? "ended at its start" : "did not answer within 30 s";
  await stop();
  throw new Error(`${start.name} ${what}. Its last words:\n${await lastWords(start.log)}`);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has just ended by itself.
  }
}

const lastWords = async (log: string) => (await readFile(log, "utf8")).split("\n").slice(-15).join("\n");
