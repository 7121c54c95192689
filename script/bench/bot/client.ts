/** A light client: requests are bytes that were made before, connections stay open, and each has one request on its way at a time. */
import { connect, type Socket } from "node:net";

export type Answered = {
  /** Milliseconds from when it was due, not from when a connection was free: waiting counts. */
  readonly ms: number;
  readonly status: number;
};

/** The lines before the body, and the body, which many requests share. */
export type Request = { readonly head: Buffer; readonly body: Buffer };

type Connection = {
  readonly send: (request: Request) => Promise<number>;
  readonly close: () => void;
  /** Whether it may be used again: servers close what was idle for five seconds. */
  readonly isFresh: () => boolean;
};

const IDLE_MS = 4_000;

export type Load = {
  readonly answers: readonly Answered[];
  /** From the first request to the last answer. */
  readonly seconds: number;
};

type Target = { readonly host: string; readonly port: number };

const targetOf = (url: string): Target => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
};

/** As many as the bots can take: every connection sends its next request when it has the answer to the one before. */
export async function asFastAsPossible(
  urls: readonly string[],
  requests: readonly Request[],
  connections: number,
): Promise<Load> {
  const open = await Promise.all(
    Array.from({ length: connections }, (_, at) => connectTo(targetOf(urls[at % urls.length] ?? ""))),
  );
  const answers: Answered[] = [];
  let next = 0;
  const began = performance.now();
  const work = async ({ send }: Connection) => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const started = performance.now();
      const status = await send(request);
      answers.push({ ms: performance.now() - started, status });
    }
  };
  await Promise.all(open.map(work));
  const seconds = (performance.now() - began) / 1000;
  for (const { close } of open) close();
  return { answers, seconds };
}

/** At a fixed rate, whatever the answers do: a server that falls behind is waited for in a queue that shows. */
export async function atRate(
  urls: readonly string[],
  requests: readonly Request[],
  perSecond: number,
): Promise<Load> {
  const targets = urls.map(targetOf);
  const free: Connection[][] = targets.map(() => []);
  const answers: Answered[] = [];
  const sent: Promise<void>[] = [];
  const began = performance.now();
  const fire = async (request: Request, at: number, due: number) => {
    const target = targets[at % targets.length];
    const pool = free[at % targets.length];
    if (target === undefined || pool === undefined) throw new Error("no bot was named");
    const connection = freshOf(pool) ?? (await connectTo(target));
    const status = await connection.send(request);
    answers.push({ ms: performance.now() - due, status });
    pool.push(connection);
  };
  for (let at = 0; at < requests.length; ) {
    const now = performance.now();
    for (let due = began + (at * 1000) / perSecond; due <= now && at < requests.length; at++) {
      const request = requests[at];
      if (request !== undefined) sent.push(fire(request, at, due));
      due = began + ((at + 1) * 1000) / perSecond;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(sent);
  const seconds = (performance.now() - began) / 1000;
  for (const { close } of free.flat()) close();
  return { answers, seconds };
}

/** The connection that was used last; where that was too long ago, all of them are closed. */
function freshOf(pool: Connection[]): Connection | undefined {
  const last = pool.pop();
  if (last === undefined || last.isFresh()) return last;
  for (const old of [last, ...pool.splice(0)]) old.close();
  return undefined;
}

async function connectTo({ host, port }: Target): Promise<Connection> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let used = performance.now();
  const send = async (request: Request) => {
    const status = await exchange(socket, request);
    used = performance.now();
    return status;
  };
  const isFresh = () => !socket.destroyed && performance.now() - used < IDLE_MS;
  return { send, close: () => socket.destroy(), isFresh };
}

/** @returns the status */
function exchange(socket: Socket, request: Request): Promise<number> {
  return new Promise((resolve, reject) => {
    const closed = new Error("the bot closed a connection that it had left open");
    // Nothing more would be told of it.
    if (socket.destroyed) return reject(closed);
    let text = "";
    const ended = () => done(() => reject(closed));
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      done(() => resolve(Number(text.slice(9, 12))));
    };
    const done = (then: () => void) => {
      socket.off("data", onData).off("close", ended).off("error", ended);
      then();
    };
    socket.on("data", onData).on("close", ended).on("error", ended);
    socket.cork();
    socket.write(request.head);
    socket.write(request.body);
    socket.uncork();
  });
}
