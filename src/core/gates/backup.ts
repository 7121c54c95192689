/** Backup: is there a full backup of the target, young enough, that was restored somewhere and compared? */
import { secondsBetween, showDuration } from "../duration.ts";
import { count } from "../rendering/words.ts";
import type { GateOutcome } from "../verdict.ts";
import type { BackupState } from "../vocabulary.ts";

export const help = "backup: a full backup of the target that is young enough, restored and compared.";

export const changedBy = ["backup_create reported", "time passed"] as const;

export interface BackupFact {
  readonly id: string;
  readonly state: BackupState;
  readonly scope: "db" | "files" | "full";
  readonly taken_at: string | null;
  readonly proof: { readonly tables: number; readonly rows: number; readonly files: number } | null;
}

export interface BackupFacts {
  readonly target: string;
  /** Newest first. */
  readonly backups: readonly BackupFact[];
}

export interface BackupSettings {
  readonly now: string;
  readonly max_age_s: number;
}

type Proven = BackupFact & { readonly taken_at: string; readonly proof: NonNullable<BackupFact["proof"]> };

/** The newest backup that counts at all: full, completed and with its proof. Its age is judged by the gate. */
export function newestProven(backups: readonly BackupFact[]): Proven | null {
  const proven = backups.filter(isProven);
  return proven.sort((a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at))[0] ?? null;
}

function isProven(backup: BackupFact): backup is Proven {
  const { scope, state, taken_at, proof } = backup;
  return scope === "full" && state === "completed" && taken_at !== null && proof !== null;
}

export function evaluate(facts: BackupFacts, settings: BackupSettings): GateOutcome {
  const { target } = facts;
  const limit = showDuration(settings.max_age_s);
  const newest = newestProven(facts.backups);
  if (newest === null) {
    const last = facts.backups[0];
    const why =
      last === undefined
        ? `there is no backup of ${target} yet`
        : `no full backup of ${target} is proven (the last one is ${last.state}, scope ${last.scope})`;
    return blocked("backup_missing", `Promotion to ${target} is blocked: ${why}.`);
  }
  const age = secondsBetween(newest.taken_at, settings.now);
  if (age > settings.max_age_s) {
    const old = `the last full backup is ${showDuration(age)} old (limit ${limit})`;
    return blocked("backup_stale", `Promotion to ${target} is blocked: ${old}.`);
  }
  const { tables, rows, files } = newest.proof;
  return {
    gate: "backup",
    outcome: "pass",
    code: "backup_fresh",
    sentences: [
      `The last full backup of ${target} is ${showDuration(age)} old (limit ${limit}).`,
      `It was restored and compared: ${count(tables, "table")}, ${count(rows, "row")}, ${count(files, "file")}.`,
    ],
    remedy: null,
  };
}

function blocked(code: string, sentence: string): GateOutcome {
  const remedy = "Comment `/backup` to take one, then `/promote` again.";
  return { gate: "backup", outcome: "block", code, sentences: [sentence], remedy };
}
