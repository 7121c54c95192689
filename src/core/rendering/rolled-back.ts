/** Why a release that was active left again by itself, and what became of what was written meanwhile. */
import type { Names } from "./endings.ts";
import { code as inCode } from "./escape.ts";
import { count, shortId } from "./words.ts";

export interface RolledBack {
  /** Of the report: what happened first. */
  readonly code: string;
  /** The host's own words for it. */
  readonly why: string;
  /** What the target runs again; null where the report does not tell. */
  readonly release: string | null;
  /** There: `unseen` where nobody could look, `untold` where the report is of a later run. */
  readonly health: "good" | "bad" | "unseen" | "untold";
  /** Table (or `options`) -> rows that were written to what left, at least; null where the report does not tell. */
  readonly late_rows: Readonly<Record<string, number>> | null;
}

const REASONS: Readonly<Record<string, string>> = {
  ACTIVATION_FAILED: "a plugin's activation hook failed",
  ANSIBLE_HOST_UNREACHABLE: "the runner lost sight of the host",
  CONFLICT_AFTER_SWITCH: "something else had written to what it replaced",
  HEALTH_FAILED: "it was found unhealthy",
  JOB_CANCELLED: "its run was stopped",
  MIGRATION_FAILED: "the upgrade of its tables failed",
  MIGRATION_SURPRISE: "the upgrade of its tables did something else than on copies of them",
  REVERTED_BY_WATCHDOG: "nobody confirmed it in time",
};

export function rolledBackSentence({ target }: Names, told: RolledBack): string {
  const reason = REASONS[told.code] ?? "a step after the switch failed";
  const again = told.release === null ? "" : `; ${target} runs \`${shortId(told.release)}\` again`;
  return [
    `The release was active on ${target}, and was rolled back by itself because ${reason}${again}.`,
    health(target, told.health),
    written(told.late_rows),
    told.why,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function health(target: string, found: RolledBack["health"]): string {
  switch (found) {
    case "good":
      return "It is healthy there.";
    case "bad":
      return `It is not healthy there either: ${target} needs a person now.`;
    case "unseen":
      return `Nobody has seen whether it is healthy there: look at ${target} now.`;
    case "untold":
      return "";
  }
}

const STAYS = "What visitors wrote to tables that were not replaced stays;";

function written(late_rows: RolledBack["late_rows"]): string {
  if (late_rows === null)
    return `${STAYS} what was written meanwhile to replaced tables and promoted options left with the release.`;
  const late = Object.entries(late_rows).filter(([, rows]) => rows > 0);
  if (late.length === 0) return `${STAYS} nothing was written meanwhile to what was replaced.`;
  const rows = late.reduce((all, [, one]) => all + one, 0);
  const where = late.map(([table, one]) => `${inCode(table)} (${one})`).join(", ");
  return `${STAYS} at least ${count(rows, "row")} written meanwhile to ${where} left with the release, and can be inspected in the tables that left.`;
}
