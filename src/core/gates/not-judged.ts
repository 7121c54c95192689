/** What a policy asks for and this version cannot judge: it blocks, so that no policy is silently weaker than it reads. */
import { showDuration } from "../duration.ts";
import type { GateOutcome } from "../verdict.ts";

const REMEDY = "Whoever keeps the policy takes this rule out of `belay-policy.yml` until Belay can judge it.";

export const help = {
  progression: "progression: the release has run in the source for as long as the policy asks.",
  rehearsal: "rehearsal: the promotion was rehearsed on a copy, where the policy asks for it.",
} as const;

export function soak(target: string, seconds: number): GateOutcome {
  const asked = `a release must have run in the source for ${showDuration(seconds)} (\`soak\`)`;
  return blocked("progression", target, asked);
}

export function rehearsal(target: string): GateOutcome {
  return blocked("rehearsal", target, "a promotion must have been rehearsed (`rehearsal: required`)");
}

function blocked(gate: "progression" | "rehearsal", target: string, asked: string): GateOutcome {
  const sentence = `Promotion to ${target} is blocked: the policy says that ${asked}, and this version of Belay cannot judge that yet.`;
  return { gate, outcome: "block", code: "policy_not_judged", sentences: [sentence], remedy: REMEDY };
}
