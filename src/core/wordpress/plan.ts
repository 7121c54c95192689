/** The plan of a promotion: every table and changed option row, what blocks, what stays behind, and the job's pieces. */
import type { Fingerprint } from "../facts.ts";
import type { DataClass, DriftMode } from "../vocabulary.ts";
import { appendedOnly, EMPTY_PART } from "./append-only.ts";
import { blocksOf } from "./blocks.ts";
import { codeChanges } from "./code.ts";
import { hashOf } from "./difference.ts";
import { leftBehind } from "./left-behind.ts";
import { planOptions } from "./options.ts";
import { NOT_TABLES, planTables } from "./tables.ts";
import type {
  CodeChanges,
  MakePlan,
  Plan,
  PlanInput,
  PlanOption,
  PlanSummary,
  PlanTable,
  TableAction,
} from "./types.ts";
import { planUpgrade } from "./upgrade.ts";
import { warningsOf } from "./warnings.ts";

/** Changes nothing and asks nobody: the same facts give the same plan. */
export const makePlan: MakePlan = (input) => {
  const tables = planTables(input);
  const parts = {
    tables,
    options: planOptions(input),
    code: codeChanges(input),
    left: leftBehind(input.baseline.source, input.now.source, input.compared.source),
    upgrade: planUpgrade(input, tables),
  };
  return {
    tables: parts.tables,
    options: parts.options,
    code: codeOf(input, parts.code),
    left_behind: parts.left,
    upgrade: parts.upgrade,
    summary: { ...summaryOf(parts.tables, parts.options), left_behind: parts.left.length },
    blocks: blocksOf(input, parts),
    warnings: warningsOf(input, parts),
    job: jobOf(input, parts.tables, parts.options),
  };
};

function codeOf({ now: { source, target } }: PlanInput, changes: CodeChanges): Plan["code"] {
  return {
    changed: source.code.digest !== target.code.digest,
    files: { source: source.code.files, target: target.code.files },
    edits: target.code_edits,
    changes,
    wordpress: { source: source.wordpress.version, target: target.wordpress.version },
  };
}

function summaryOf(
  tables: readonly PlanTable[],
  options: readonly PlanOption[],
): Omit<PlanSummary, "left_behind"> {
  const count = (action: TableAction) => tables.filter((one) => one.action === action).length;
  const rows = (action: PlanOption["action"]) => options.filter((one) => one.action === action).length;
  return {
    tables: {
      protect: count("protect"),
      keep: count("keep"),
      promote: count("promote"),
      conflict: count("conflict"),
      unclassified: count("unclassified"),
      absent: count("absent"),
    },
    options: { keep: rows("keep"), promote: rows("promote"), conflict: rows("conflict") },
    flagged_options: options.filter(({ flags }) => flags.length > 0).length,
  };
}

/** What is applied, and what must still be true of the target inside the hold. */
function jobOf(input: PlanInput, tables: readonly PlanTable[], options: readonly PlanOption[]): Plan["job"] {
  const { target } = input.now;
  const promoted = tables.filter(({ action }) => action === "promote").map(({ table }) => table);
  const rows = options.filter(({ action }) => action === "promote").map(({ option }) => option);
  return {
    promote_tables: promoted,
    promote_options: rows,
    target_tables: Object.keys(target.tables).sort(),
    expected_tables: expectedTables(target, promoted, input.mode),
    append_only_tables: input.mode === "strict" ? {} : appendedOnly(input, input.append_only ?? []),
    expected_options: Object.fromEntries(rows.map((option) => [option, hashOf(target, option)])),
  };
}

/** Promoted tables must not have changed at all; protected ones not in the parts that would have blocked. */
function expectedTables(
  target: Fingerprint,
  promoted: readonly string[],
  mode: DriftMode,
): Plan["job"]["expected_tables"] {
  const judged: readonly DataClass[] = mode === "strict" ? ["editorial", "live"] : ["editorial"];
  const whole: readonly DataClass[] = ["editorial", "live", "secret", "config"];
  const entries = Object.entries(target.tables).flatMap(([table, { class: own, engine, parts }]) => {
    if (NOT_TABLES.includes(engine)) return [];
    const kinds = promoted.includes(table)
      ? whole.filter((kind) => parts[kind] !== undefined)
      : judged.some((kind) => kind === own || parts[kind] !== undefined)
        ? judged
        : [];
    const digests = kinds.map((kind) => [kind, parts[kind]?.digest ?? EMPTY_PART] as const);
    return digests.length === 0 ? [] : [[table, Object.fromEntries(digests)] as const];
  });
  return Object.fromEntries(entries);
}
