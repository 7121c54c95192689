/** Contents of many files of a commit: git gives the next ones to a thread of its own while this one judges those before. */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { z } from "zod";
import type { TreeEntry, TreeView } from "../../core/packages/types.ts";

/** So many contents are asked for at once. */
const AHEAD = 2_000;
/** Where they are more than this together, each of them is read on its own. Bytes. */
const MOST_AHEAD = 64 * 1024 * 1024;
/** A thread that has not answered by then died: from then on every file is read on its own. */
const PATIENCE_MS = 120_000;

/** Runs in the thread. It is a text because the action is one file, and a thread of all of it would begin with all of it. */
const THREAD = `
const { parentPort } = require("node:worker_threads");
const { spawnSync } = require("node:child_process");
parentPort.on("message", ({ repository, ids, most, port, answered }) => {
  const args = ["-C", repository, "cat-file", "--batch", "--buffer"];
  const { stdout, status } = spawnSync("git", args, { input: ids, maxBuffer: most });
  const bytes = new Uint8Array(status === 0 ? stdout : 0);
  port.postMessage(bytes, [bytes.buffer]);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
});
`;
const Answer = z.object({ message: z.instanceof(Uint8Array) });

type Contents = ReadonlyMap<string, Uint8Array>;
interface Asked {
  readonly from: number;
  /** Waits for the answer. Empty where git does not give them, or they are too much at once; null: there is none. */
  readonly take: () => Contents | null;
}

/** The same bytes as `alone` gives, for whoever reads all of the entries in about their order. */
export function readAhead(
  repository: string,
  entries: readonly TreeEntry[],
  alone: TreeView["read"],
): TreeView["read"] {
  const ask = asker(repository, entries);
  /** Asked for in vain: asking again for each of them would take as long as all of them together, each time. */
  const inVain = new Set<TreeEntry>();
  let at = 0;
  let next: Asked | null = null;
  let silent = false;
  // Two are kept, because versions are judged in an order of their own.
  let [recent, before]: Contents[] = [new Map(), new Map()];
  return (entry) => {
    if (silent || !entry.mode.startsWith("100") || inVain.has(entry)) return alone(entry);
    const known = recent?.get(entry.id) ?? before?.get(entry.id);
    if (known !== undefined) return known;
    const further = entries.indexOf(entry, at);
    at = further < 0 ? entries.indexOf(entry) : further;
    if (at < 0) return alone(entry);
    const from = at - (at % AHEAD);
    const asked: Asked = next?.from === from ? next : ask(from);
    const after = from + AHEAD;
    next = after < entries.length ? ask(after) : null;
    const found = asked.take();
    silent = found === null;
    if (found === null) return alone(entry);
    for (const one of entries.slice(from, after)) if (!found.has(one.id)) inVain.add(one);
    if (found.size > 0) [before, recent] = [recent, found];
    return found.get(entry.id) ?? alone(entry);
  };
}

function asker(repository: string, entries: readonly TreeEntry[]): (from: number) => Asked {
  let thread: Worker | undefined;
  return (from) => {
    thread ??= threadOf();
    const { port1, port2 } = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const ids = new Set<string>();
    for (const { mode, id } of entries.slice(from, from + AHEAD)) if (mode.startsWith("100")) ids.add(id);
    const question = { repository, ids: `${[...ids].join("\n")}\n`, most: MOST_AHEAD, port: port2, answered };
    thread.postMessage(question, [port2]);
    const take = () => {
      Atomics.wait(answered, 0, 0, PATIENCE_MS);
      const answer = Answer.safeParse(receiveMessageOnPort(port1));
      port1.close();
      return answer.success ? blobsIn(answer.data.message) : null;
    };
    return { from, take };
  };
}

/** It keeps nobody from ending, and its own end is told by its silence. */
function threadOf(): Worker {
  const thread = new Worker(THREAD, {
    eval: true,
    // What it has handed over is let go soon.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
  });
  thread.on("error", () => undefined);
  thread.unref();
  return thread;
}

/** `<id> blob <size>`, a line feed, the content, a line feed. */
function blobsIn(bytes: Uint8Array): Contents {
  const told = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<string, Uint8Array>();
  for (let from = 0; from < told.length; ) {
    const stop = told.indexOf(10, from);
    const [id = "", type, size] = told.toString("latin1", from, stop).split(" ");
    from = stop + 1;
    if (type !== "blob") continue;
    found.set(id, told.subarray(from, from + Number(size)));
    from += Number(size) + 1;
  }
  return found;
}
