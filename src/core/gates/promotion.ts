/** Promotion: green only when this commit has been promoted; the check that a branch rule should require. */
import type { GateOutcome } from "../verdict.ts";
import type { PromotionState } from "../vocabulary.ts";

export const help = "promotion: this commit has been promoted, and the target is healthy.";

export const changedBy = ["command", "job reported", "new head"] as const;

export interface PromotionFacts {
  readonly source: string;
  readonly target: string;
  /** The newest promotion of this commit to this target; null: there was none. */
  readonly promotion: { readonly state: PromotionState; readonly message: string | null } | null;
}

type Words = Pick<GateOutcome, "outcome" | "code" | "remedy"> & { readonly sentence: string };

export function evaluate({ source, target, promotion }: PromotionFacts): GateOutcome {
  const words = promotion === null ? notPromoted(source, target) : wordsOf(promotion.state, target);
  const { outcome, code, remedy, sentence } = words;
  const why = promotion?.message ?? null;
  const sentences = why === null || why === sentence ? [sentence] : [sentence, why];
  return { gate: "promotion", outcome, code, sentences, remedy };
}

function notPromoted(source: string, target: string): Words {
  return {
    outcome: "wait",
    code: "not_promoted",
    sentence: `${source} has not been promoted to ${target} at this commit.`,
    remedy: "Comment `/promote` to promote, or `/plan` to see what that would do.",
  };
}

const again = "Comment `/promote` to try again.";

function wordsOf(state: PromotionState, target: string): Words {
  const wait = (code: string, sentence: string): Words => ({ outcome: "wait", code, sentence, remedy: null });
  const block = (code: string, sentence: string, remedy: string): Words => ({
    outcome: "block",
    code,
    sentence,
    remedy,
  });
  switch (state) {
    case "requested":
    case "checking":
    case "waiting":
    case "ready":
      return wait("in_checks", `The promotion to ${target} is in its checks; nothing has changed yet.`);
    case "running":
      return wait("in_progress", `The promotion to ${target} is running; the switch has not happened yet.`);
    case "activated":
    case "verifying":
      return wait("verifying", `The release is active on ${target}; its health is being checked.`);
    case "succeeded":
      return {
        outcome: "pass",
        code: "promoted",
        sentence: `Promoted to ${target}, and healthy.`,
        remedy: null,
      };
    case "blocked":
      return block(
        "blocked",
        `The promotion to ${target} is blocked; nothing has changed.`,
        "Do what the blocking check says, then comment `/promote`.",
      );
    case "rolled_back":
      return block(
        "rolled_back",
        `The promotion to ${target} was rolled back; the release before it serves again.`,
        "Correct what the promotion's comment says, then comment `/promote`.",
      );
    case "failed":
      return block("failed", `The promotion to ${target} failed.`, again);
    case "cancelled":
      return block(
        "cancelled",
        `The promotion to ${target} was stopped before the switch; nothing has changed.`,
        again,
      );
    case "unknown":
      return block(
        "unknown",
        `Whether the promotion to ${target} happened is unknown. The lock stays.`,
        `Belay has ${target}'s host looked at by itself; \`/status\` shows what is known, \`/unlock\` has it looked at now.`,
      );
  }
}
