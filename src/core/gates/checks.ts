/** Checks: have the checks of other Apps that the policy names succeeded on this commit? */
import type { ForeignCheck } from "../policy.ts";
import type { GateOutcome, Outcome, Reason } from "../verdict.ts";

export const help = "checks: the checks of other Apps that the policy names succeeded on this commit.";

export const changedBy = ["check run completed", "check suite completed", "new head"] as const;

/** A check run of any App on the commit, the newest of its suite. */
export interface ForeignCheckRun {
  readonly name: string;
  /** The App's slug. */
  readonly app: string;
  readonly status: string;
  readonly conclusion: string | null;
}

/** By name; null: GitHub has not been asked yet. */
export type ChecksFacts = Readonly<Record<string, readonly ForeignCheckRun[]>> | null;

export function evaluate(facts: ChecksFacts, wanted: readonly ForeignCheck[]): GateOutcome {
  if (facts === null) {
    const sentence = "The checks that the policy names are looked at when there is a release.";
    return outcome("wait", "checks_pending", [sentence]);
  }
  const seen = wanted.map((check) =>
    judged(check, Object.hasOwn(facts, check.name) ? (facts[check.name] ?? []) : []),
  );
  const details: readonly Reason[] = seen.map(({ sentence }) => ({ sentence }));
  const told = (result: Outcome) => seen.filter((one) => one.outcome === result).map((one) => one.sentence);
  const failed = told("block");
  const remedy = "Correct what the check says and let it run again, then comment `/promote`.";
  if (failed.length > 0) return { ...outcome("block", "checks_failed", failed), remedy, details };
  const waiting = told("wait");
  if (waiting.length > 0) return { ...outcome("wait", "checks_running", waiting), details };
  return { ...outcome("pass", "checks_succeeded", told("pass")), details };
}

interface Seen {
  readonly outcome: Outcome;
  readonly sentence: string;
}

/** Every run of this App under this name must have succeeded: `neutral` and `skipped` prove nothing. */
function judged({ name, app }: ForeignCheck, runs: readonly ForeignCheckRun[]): Seen {
  const check = `The check \`${name}\``;
  const own = runs.filter((run) => run.app === app);
  const others = [...new Set(runs.filter((run) => run.app !== app).map((run) => `\`${run.app}\``))];
  const also = others.length === 0 ? "" : ` The one by ${others.join(", ")} does not count.`;
  if (own.length === 0) {
    return {
      outcome: "wait",
      sentence: `${check} of \`${app}\` has not reported on this commit yet.${also}`,
    };
  }
  const bad = own.find((run) => run.status === "completed" && run.conclusion !== "success");
  if (bad !== undefined) {
    const sentence = `${check} of \`${app}\` ended as ${bad.conclusion ?? "nothing"}, and the policy wants success.${also}`;
    return { outcome: "block", sentence };
  }
  if (own.some((run) => run.status !== "completed")) {
    return { outcome: "wait", sentence: `${check} of \`${app}\` is still running.${also}` };
  }
  return { outcome: "pass", sentence: `${check} of \`${app}\` succeeded.` };
}

function outcome(result: Outcome, code: string, sentences: readonly string[]): GateOutcome {
  return { gate: "checks", outcome: result, code, sentences, remedy: null };
}
