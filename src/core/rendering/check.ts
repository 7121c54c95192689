/** A gate's outcome as a check run. pass = success, wait = in progress, block = failure, a person must act = action required. */
import type { CheckAction, CheckConclusion, CheckEffect } from "../effects.ts";
import { type Gate, type GateOutcome, obstacles, type Verdict } from "../verdict.ts";
import { CHECK_LIMIT, cap, capLine } from "./cap.ts";
import { inert, plain } from "./escape.ts";
import { gatesTable, reasonList, sentencesOf } from "./gates.ts";
import { checkName } from "./words.ts";

export interface CheckContext {
  readonly target: string;
  readonly head_sha: string;
  /** For the promotion check: the other gates, shown in its text. */
  readonly verdict: Verdict | null;
  /** Markdown below the reasons or in their place (the plan, the drift check: they show each of them in full). */
  readonly more?: string;
  readonly details_url?: string | null;
}

/** Our own checks are recognised by App, commit and this id, never by name. */
export function checkExternalId(target: string, gate: string): string {
  return `belay:${target}:${gate}`;
}

export function renderCheck(gate: GateOutcome, context: CheckContext): CheckEffect {
  const conclusion = conclusionOf(gate);
  const next = gate.remedy === null ? "" : `\n\n**Next:** ${inert(gate.remedy)}`;
  const text = textOf(gate, context);
  return {
    kind: "check",
    head_sha: context.head_sha,
    name: checkName(context.target, gate.gate),
    external_id: checkExternalId(context.target, gate.gate),
    ...(conclusion === null ? { status: "in_progress" } : { status: "completed", conclusion }),
    title: capLine(plain(gate.sentences[0] ?? gate.code, 250).replaceAll("`", ""), 250),
    summary: cap(`${sentencesOf(gate)}${next}`, CHECK_LIMIT),
    ...(text === "" ? {} : { text: cap(text, CHECK_LIMIT) }),
    ...(context.details_url ? { details_url: context.details_url } : {}),
    ...buttons(gate, conclusion),
  };
}

/** GitHub shows them on completed checks only, so there is none to stop what runs: that is `/cancel`. */
function buttons({ gate }: GateOutcome, conclusion: CheckConclusion | null): Pick<CheckEffect, "actions"> {
  if (conclusion === null) return {};
  if (gate === "drift") return { actions: [CHECK_DRIFT] };
  return gate === "promotion" && conclusion !== "success" ? { actions: [PROMOTE] } : {};
}

const CHECK_DRIFT: CheckAction = {
  label: "Check drift",
  description: "Compare with the baseline again.",
  identifier: "drift",
};
const PROMOTE: CheckAction = {
  label: "Promote",
  description: "The same as /promote at this commit.",
  identifier: "promote",
};

/** Null: in progress. A wait that a person can end is completed, because a run left open goes stale after 14 days. */
export function conclusionOf(gate: GateOutcome): CheckConclusion | null {
  if (gate.outcome === "pass") return "success";
  if (gate.outcome === "block") return "failure";
  return gate.remedy === null ? null : "action_required";
}

/** Gates beside which everything stands in `more`, better than in their reasons. */
const SHOWN_IN_FULL: readonly Gate[] = ["drift", "release"];

function textOf(gate: GateOutcome, context: CheckContext): string {
  const verdict = context.verdict;
  const parts = [
    gate.gate === "promotion" && verdict !== null && verdict.gates.length > 0 ? gatesTable(verdict) : "",
    gate.gate === "promotion" && verdict !== null
      ? obstacles(verdict)
          .map((other) => sentencesOf(other))
          .join("\n\n")
      : "",
    SHOWN_IN_FULL.includes(gate.gate) && context.more ? "" : reasonList(gate.details ?? []),
    context.more ?? "",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
