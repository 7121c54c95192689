/** The one comment of an operation, from its facts: edited as they change, so that it always tells the present. */
import type { CandidateFacts, HealthResult, MigrationFacts, SwitchFacts } from "../facts.ts";
import type { Move, Told } from "../packages/activation.ts";
import type { OperationProgress } from "../progress.ts";
import { isOver } from "../promotion.ts";
import type { SwitchNotes } from "../switch-notes.ts";
import { obstacles, type Verdict } from "../verdict.ts";
import type { OperationKind, PromotionState } from "../vocabulary.ts";
import type { Comparison } from "../wordpress/comparison.ts";
import type { Plan, RefreshPlan } from "../wordpress/types.ts";
import { type ComparisonView, comparisonSection } from "./baseline.ts";
import { COMMENT_LIMIT, cap } from "./cap.ts";
import { code, inert, link, person } from "./escape.ts";
import { gatesTable, reasonList } from "./gates.ts";
import { candidateLine, migrationSection } from "./migration.ts";
import { notesSection } from "./notes.ts";
import { movesSection, untoldSection } from "./packages/words.ts";
import { planSection, refreshSection } from "./plan.ts";
import { progressSection } from "./progress.ts";
import { count, details, operationTitle, STATE_WORDS, shortId } from "./words.ts";

export interface OperationView {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: PromotionState;
  readonly source: string;
  readonly target: string;
  readonly head_sha: string;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly progress: OperationProgress;
  /** By the last operation of this kind; null: there was none. */
  readonly seconds_left: number | null;
  readonly verdict: Verdict | null;
  readonly plan: Plan | null;
  readonly refresh: RefreshPlan | null;
  readonly comparison:
    | ({ readonly found: Comparison } & Pick<ComparisonView, "replaces" | "recorded">)
    | null;
  /** What an operation on packages moves. */
  readonly packages?: {
    readonly moves: readonly Move[];
    readonly commit: string | null;
    readonly told?: readonly Told[];
  } | null;
  /** How it ended, or null. */
  readonly message: string | null;
  /** What to type next; null: nothing is asked of anybody. */
  readonly next: string | null;
  readonly run_url: string | null;
  readonly result: ResultFacts;
}

/** What the last job told of the switch and of the health after it. */
export interface ResultFacts {
  readonly health: readonly HealthResult[];
  /** Of the release before, where it came back. */
  readonly restored_health: readonly HealthResult[];
  readonly switch: SwitchFacts | null;
  readonly late_rows: Readonly<Record<string, number>>;
  readonly notes?: SwitchNotes;
  readonly candidate: CandidateFacts | null;
  readonly migration: MigrationFacts | null;
}

export const NO_RESULT: ResultFacts = {
  health: [],
  restored_health: [],
  switch: null,
  late_rows: {},
  candidate: null,
  migration: null,
};

/** The hidden first line by which the comment is found again. */
export function operationMarker(id: string): string {
  return `<!-- belay:operation=${id} -->`;
}

export function renderOperation(view: OperationView): string {
  const title = operationTitle(view.kind, view.source, view.target);
  const before = [
    operationMarker(view.id),
    `### ${inert(title)}: ${STATE_WORDS[view.state]}`,
    view.message === null ? "" : `**${inert(view.message)}**`,
    view.next === null ? "" : `Next: ${inert(view.next)}`,
    view.verdict === null || view.verdict.gates.length === 0 ? "" : gatesTable(view.verdict),
    isOver(view.state) || view.progress.jobs.length === 0
      ? ""
      : progressSection(view.progress, view.seconds_left),
    view.refresh === null ? "" : refreshSection(view.refresh, view.source),
    view.comparison === null ? "" : comparisonSection(view.comparison.found, { ...view, ...view.comparison }),
    view.packages == null ? "" : movesSection(view.packages.moves, view.packages.commit),
    untoldSection(view.packages?.told ?? []),
    resultSection(view.result, view.state === "rolled_back"),
  ];
  const after = [view.verdict === null ? "" : reasonsSection(view.verdict, view.plan), footer(view)];
  const room = COMMENT_LIMIT - [...before, ...after].reduce((all, part) => all + part.length + 2, 0);
  const plan = view.plan === null ? "" : planSection(view.plan, { room, operation: view.id });
  return cap([...before, plan, ...after].filter((part) => part !== "").join("\n\n"), COMMENT_LIMIT);
}

/** What stands in the way of the release is part of the plan, with the lines to copy. */
function reasonsSection(verdict: Verdict, plan: Plan | null): string {
  return obstacles(verdict)
    .filter(({ gate }) => gate !== "release" || plan === null)
    .filter((gate) => (gate.details ?? []).length > 0)
    .map((gate) => details(`${gate.gate}: details`, reasonList(gate.details ?? [])))
    .join("\n\n");
}

function resultSection(result: ResultFacts, back: boolean): string {
  const late = Object.entries(result.late_rows).filter(([, rows]) => rows > 0);
  return [
    result.candidate === null ? "" : candidateLine(result.candidate),
    result.migration === null ? "" : migrationSection(result.migration, back),
    result.switch === null ? "" : switchLine(result.switch),
    result.notes === undefined ? "" : notesSection(result.notes),
    healthList("Health", result.health),
    healthList("Health of the release before, which serves again", result.restored_health),
    late.length === 0
      ? ""
      : `Written since the switch and kept for inspection: ${late.map(([table, rows]) => `${code(table)} ${count(rows, "row")}`).join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function healthList(title: string, results: readonly HealthResult[]): string {
  if (results.length === 0) return "";
  const lines = results.map(
    ({ ok, check, detail, seconds }) =>
      `- ${ok ? "✅" : "❌"} ${code(check)}: ${inert(detail)} (${seconds.toFixed(1)} s)`,
  );
  return `${title}:\n${lines.join("\n")}`;
}

function switchLine(facts: SwitchFacts): string {
  const merged = facts.merged_rows === 0 ? "" : `, ${count(facts.merged_rows, "late row")} carried over`;
  return `Switch: ${count(facts.tables, "table")} in ${facts.rename_ms.toFixed(0)} ms; visitors waited ${facts.hold_ms.toFixed(0)} ms at most${merged}.`;
}

function footer(view: OperationView): string {
  const run = view.run_url === null ? "" : ` · ${link("run", view.run_url)}`;
  return `<sub>commit ${code(shortId(view.head_sha))} · \`/${view.kind}\` by ${person(view.requested_by)} at ${inert(view.requested_at)}${run}</sub>`;
}
