/** Window: may a promotion begin at this time, as the policy's windows and freezes say? */
import { openingAt } from "../policy/calendar.ts";
import type { Policy } from "../policy.ts";
import type { GateOutcome } from "../verdict.ts";

export const help = "window: promotions begin in the policy's windows, and in no freeze.";

export const changedBy = ["time passed"] as const;

export interface WindowSettings {
  readonly now: string;
  readonly windows: Policy["windows"];
}

export function evaluate(target: string, { now, windows }: WindowSettings): GateOutcome {
  const opening = openingAt(now, windows);
  if (opening.open) {
    const sentences = [`Promotions to ${target} may begin now.`];
    return { gate: "window", outcome: "pass", code: "window_open", sentences, remedy: null };
  }
  const { frozen, next } = opening;
  const why =
    frozen === null
      ? `it is outside the policy's windows (${words(windows)})`
      : `there is a freeze until ${frozen.to.replace("T", " ")} (${frozen.timezone}): ${frozen.reason}`;
  const when = next === null ? "" : ` It opens at ${next}.`;
  return {
    gate: "window",
    outcome: "block",
    code: frozen === null ? "window_closed" : "window_frozen",
    sentences: [`Promotion to ${target} is blocked: ${why}.${when}`],
    remedy: "Comment `/promote` when it is open; `/rollback` is never held back by it.",
  };
}

function words({ allow }: Policy["windows"]): string {
  const choices = allow.map((choice) =>
    choice.map((one) => `${one.days.join(", ")} ${one.start} to ${one.end} ${one.timezone}`).join("; or "),
  );
  return choices.join("; and ");
}
