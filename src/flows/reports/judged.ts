/** Judges the gates after new facts: a promotion stops at the first block, the others only show what was found. */
import { stops } from "../../core/judgement.ts";
import { blockedSentence } from "../../core/rendering/endings.ts";
import { obstacles } from "../../core/verdict.ts";
import { type JudgeWith, judgeNow } from "../judge.ts";
import { move, namesOf, type Work } from "../work.ts";
import type { Conclusion } from "./reported.ts";

export async function concludeJudged(before: Work, given: JudgeWith): Promise<Conclusion> {
  const { work, verdict } = await judgeNow(before, given);
  const measured = work.operation.drift_check_id !== null;
  if (stops(work.operation.kind, verdict, measured)) {
    const code = obstacles(verdict)[0]?.code ?? "blocked";
    const message = blockedSentence(namesOf(work), verdict);
    return { kind: "end", work, ending: { event: "blocked", code, message } };
  }
  const passed = work.operation.kind === "promote" && verdict.outcome === "pass";
  return { kind: "go_on", work: passed ? await move(work, "passed") : work };
}
