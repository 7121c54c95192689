/** Gate outcomes as Markdown: a row of the table in the comment, and the folded tree of reasons below it. */
import type { GateOutcome, Reason, Verdict } from "../verdict.ts";
import { cell, inert } from "./escape.ts";
import { OUTCOME_SIGNS } from "./words.ts";

/** One row per gate: outcome, first sentence, and what to do where something is asked. */
export function gatesTable(verdict: Verdict): string {
  const rows = verdict.gates.map((gate) => {
    const what = [gate.sentences[0] ?? "", gate.outcome === "pass" ? "" : (gate.remedy ?? "")];
    const text = what
      .filter((sentence) => sentence !== "")
      .map(inert)
      .join(" ");
    return `| ${gate.gate} | ${OUTCOME_SIGNS[gate.outcome]} | ${cell(text)} |`;
  });
  return ["| gate | outcome | why |", "|---|---|---|", ...rows].join("\n");
}

/** Every sentence of a gate, one paragraph each. */
export function sentencesOf(gate: GateOutcome): string {
  return gate.sentences.map(inert).join("\n\n");
}

/** The tree of reasons as a nested list. */
export function reasonList(reasons: readonly Reason[], depth = 0): string {
  return reasons
    .map((reason) => {
      const line = `${"  ".repeat(depth)}- ${inert(reason.sentence)}`;
      const because = reason.because ?? [];
      return because.length === 0 ? line : `${line}\n${reasonList(because, depth + 1)}`;
    })
    .join("\n");
}
