/** The checks of a head that nothing was judged on yet, so that required checks never hang. */

import type { Answer } from "../answer.ts";
import type { CheckEffect } from "../effects.ts";
import { evaluate as promotionGate } from "../gates/promotion.ts";
import { USUAL_GATES } from "../judgement.ts";
import type { Gate, GateOutcome } from "../verdict.ts";
import { answerLine } from "./answers.ts";
import { renderCheck } from "./check.ts";

export type HeadKind =
  /** An environment pull request: source and target are a step of the path. */
  | {
      readonly kind: "environment";
      readonly source: string;
      readonly target: string;
      readonly gates?: readonly Gate[];
      /** What became of other Apps' checks so far, where the policy names any. */
      readonly checks?: GateOutcome;
      /** Sentences on approvals of an earlier head, which are void now. */
      readonly voided?: readonly string[];
      /** Settings of the repository that people should look at. */
      readonly notices?: readonly string[];
    }
  /** Another head on a governed base, which touches nothing that is promoted. */
  | { readonly kind: "harmless"; readonly target: string; readonly gates?: readonly Gate[] }
  /** Another head on a governed base. */
  | {
      readonly kind: "refused";
      readonly target: string;
      readonly message: string;
      readonly remedy: string;
      readonly gates?: readonly Gate[];
    }
  /** A base that is no environment's branch. `taken`: it has an environment's name, whose checks would be these. */
  | { readonly kind: "not_governed"; readonly base: string; readonly taken: boolean }
  /** The configuration is missing or wrong, so nobody knows. */
  | { readonly kind: "no_settings"; readonly base: string; readonly problem: Answer };

/** One check for each gate of the target's policy. */
export function initialChecks(head_sha: string, head: HeadKind): readonly CheckEffect[] {
  switch (head.kind) {
    case "environment":
      return (head.gates ?? USUAL_GATES).map((gate) => check(head_sha, head.target, untouched(gate, head)));
    case "harmless":
      return (head.gates ?? USUAL_GATES).map((gate) =>
        check(head_sha, head.target, pass(gate, "nothing_promoted", HARMLESS)),
      );
    case "refused":
      return (head.gates ?? USUAL_GATES).map((gate) =>
        check(head_sha, head.target, block(gate, head.message, head.remedy)),
      );
    case "not_governed": {
      // A commit may be in two pull requests: green under an environment's name would let the other one merge unpromoted.
      if (head.taken) return [];
      const sentence = `Not governed: \`${head.base}\` is the branch of no environment.`;
      return [check(head_sha, head.base, pass("promotion", "not_governed", sentence))];
    }
    case "no_settings": {
      const { code, remedy } = head.problem;
      const sentences = [answerLine({ ...head.problem, remedy: null }), ...listed(head.problem)];
      return [check(head_sha, head.base, { gate: "promotion", outcome: "wait", code, sentences, remedy })];
    }
  }
}

/** The checks of a merge group whose pull request was promoted at its head. */
export function groupChecks(
  head_sha: string,
  { source, target, gates = USUAL_GATES }: Extract<HeadKind, { kind: "environment" }>,
  number: number,
): readonly CheckEffect[] {
  const sentence = `${source} is promoted to ${target} at the head of pull request ${number}, which this group merges.`;
  return gates.map((gate) => check(head_sha, target, pass(gate, "promoted", sentence)));
}

const HARMLESS = "This pull request touches nothing that is promoted (`.github`, documentation).";

function check(head_sha: string, target: string, gate: GateOutcome): CheckEffect {
  return renderCheck(gate, { target, head_sha, verdict: null });
}

function untouched(
  gate: Gate,
  { source, target, checks, voided = [], notices = [] }: Extract<HeadKind, { kind: "environment" }>,
): GateOutcome {
  if (gate === "promotion") {
    const details = notices.map((sentence) => ({ sentence }));
    return { ...promotionGate({ source, target, promotion: null }), ...(details.length > 0 && { details }) };
  }
  if (gate === "checks" && checks !== undefined) return checks;
  const unjudged = notJudgedYet(gate, { source, target });
  return gate === "approval" ? { ...unjudged, sentences: [...unjudged.sentences, ...voided] } : unjudged;
}

/** A gate that can be judged only by building the release. */
export function notJudgedYet(
  gate: Gate,
  { source, target }: { readonly source: string; readonly target: string },
): GateOutcome {
  return {
    gate,
    outcome: "wait",
    code: "not_judged",
    sentences: [`What ${source} would bring to ${target} has not been judged at this commit.`],
    remedy: "Comment `/plan` to have it judged without changing anything, or `/promote`.",
  };
}

const pass = (gate: Gate, code: string, sentence: string): GateOutcome => ({
  gate,
  outcome: "pass",
  code,
  sentences: [sentence],
  remedy: null,
});

const block = (gate: Gate, sentence: string, remedy: string): GateOutcome => ({
  gate,
  outcome: "block",
  code: "wrong_head",
  sentences: [sentence],
  remedy,
});

const listed = (problem: Answer): readonly string[] => (problem.list ?? []).map((reason) => reason.sentence);
