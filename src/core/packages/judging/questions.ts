/** Everything that the bot asks of packages, as data in and data out: it takes seconds of computing, so it is done on another thread. */
import type { TreeView } from "../types.ts";
import { GuardrailError } from "../validate.ts";
import { answerBranch } from "./branch.ts";
import { answerHead } from "./head.ts";
import { answerMove } from "./move.ts";
import type { Answer, Question } from "./types.ts";

/** `read` may miss files: then the answer counts for nothing, and the question is asked again with them. */
export function answerQuestion(question: Question, read: TreeView["read"]): Answer {
  try {
    return answer(question, read);
  } catch (error) {
    if (!(error instanceof GuardrailError)) throw error;
    return { kind: "bad_guardrail", sentence: error.message };
  }
}

function answer(question: Question, read: TreeView["read"]): Answer {
  switch (question.kind) {
    case "head":
      return answerHead(question, read);
    case "branch":
      return answerBranch(question, read);
    case "move":
      return answerMove(question, read);
  }
}
