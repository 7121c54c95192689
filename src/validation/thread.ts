/** The thread that judges packages: a question and the contents that it misses come in, an answer goes out. It has no network and no secrets. */
import { parentPort } from "node:worker_threads";
import { answerQuestion } from "../core/packages/judging/questions.ts";
import type { Question } from "../core/packages/judging/types.ts";
import type { TreeEntry } from "../core/packages/types.ts";
import type { Reply, Said } from "./messages.ts";

let question: Question | null = null;
const known = new Map<string, Uint8Array>();

parentPort?.on("message", (said: Said) => {
  if (said.kind === "question") {
    known.clear();
    question = said.question;
  } else for (const [id, bytes] of said.files) known.set(id, bytes);
  parentPort?.postMessage(reply());
});

function reply(): Reply {
  if (question === null) return { kind: "fault", message: "Nothing was asked." };
  const missing = new Set<string>();
  const read = ({ mode, id }: TreeEntry): Uint8Array | null => {
    if (!mode.startsWith("100")) return null;
    const found = known.get(id);
    if (found === undefined) missing.add(id);
    return found ?? null;
  };
  try {
    const answer = answerQuestion(question, read);
    if (missing.size > 0) return { kind: "missing", ids: [...missing] };
    question = null;
    known.clear();
    return { kind: "answer", answer };
  } catch (error) {
    return {
      kind: "fault",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
