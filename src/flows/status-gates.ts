/** Every gate of a promotion that would begin now, from what is on record: for `/status`. */
import { evaluate as checksGate } from "../core/gates/checks.ts";
import * as notJudged from "../core/gates/not-judged.ts";
import { evaluate as promotionGate } from "../core/gates/promotion.ts";
import { evaluate as windowGate } from "../core/gates/window.ts";
import { gatesOf } from "../core/judgement.ts";
import { isOver } from "../core/promotion.ts";
import { notJudgedYet } from "../core/rendering/initial-checks.ts";
import { type Gate, type GateOutcome, type Verdict, verdictOf } from "../core/verdict.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { approvalOnHead } from "./approvals.ts";
import type { Evidence } from "./evidence.ts";
import { judgeRecords, type RecordsVerdict } from "./judge.ts";
import { policyFor, type SiteSettings } from "./site.ts";

export interface StatusQuestion {
  readonly now: string;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
  readonly settings: SiteSettings;
  readonly pull_request: number;
  readonly head_sha: string;
  /** Null: GitHub was not asked, for people who may not see everything. */
  readonly evidence: Evidence | null;
}

export interface StatusVerdict {
  readonly verdict: Verdict;
  readonly judged_at: string | null;
  readonly backup_age_s: number | null;
}

/** Drift, backup, approval, checks and window as they are now; the release as it was last judged at this commit. */
export async function statusVerdict(tx: Tx, question: StatusQuestion): Promise<StatusVerdict> {
  const { source, target, settings, pull_request, head_sha } = question;
  const records = await judgeRecords(tx, question);
  const filter = { source_environment_id: source.id, target_environment_id: target.id, pull_request };
  const asked = await tx.operations({ ...filter, kinds: ["promote", "plan"] }, { limit: 50 });
  const here = asked.filter((operation) => operation.head_sha === head_sha);
  const judged = here.find(({ verdict }) => verdict?.gates.some(({ gate }) => gate === "release")) ?? null;
  const gates: GateOutcome[] = [];
  for (const gate of gatesOf(policyFor(settings, target.name)))
    gates.push(await gateNow(tx, { question, records, here, judged }, gate));
  return {
    verdict: verdictOf(gates),
    judged_at: judged?.requested_at ?? null,
    backup_age_s: records.backup_age_s,
  };
}

interface Known {
  readonly question: StatusQuestion;
  readonly records: RecordsVerdict;
  /** Plans and promotions of this commit, newest first. */
  readonly here: readonly OperationRow[];
  readonly judged: OperationRow | null;
}

async function gateNow(tx: Tx, known: Known, gate: Gate): Promise<GateOutcome> {
  const { question, records, here, judged } = known;
  const { source, target, settings, evidence, now } = question;
  const policy = policyFor(settings, target.name);
  const names = { source: source.name, target: target.name };
  const before = judged?.verdict?.gates.find((one) => one.gate === gate) ?? notJudgedYet(gate, names);
  switch (gate) {
    case "drift":
    case "backup":
      return records.verdict.gates.find((one) => one.gate === gate) ?? before;
    case "approval":
      if (evidence === null) return before;
      return (await approvalOnHead(tx, { ...question, policy, evidence: evidence.approvals })).gate;
    case "checks":
      return evidence === null ? before : checksGate(evidence.checks, policy.checks);
    case "window":
      return windowGate(target.name, { now, windows: policy.windows });
    case "progression":
      return notJudged.soak(target.name, policy.soak_s);
    case "rehearsal":
      return notJudged.rehearsal(target.name);
    case "promotion":
      return promotionGate({ ...names, promotion: promotionOf(here) });
    case "release":
    case "validation":
      return before;
  }
}

/** The newest promotion of this commit. */
function promotionOf(here: readonly OperationRow[]) {
  const newest = here.find(({ kind }) => kind === "promote");
  if (newest === undefined) return null;
  const { state, result_message } = newest;
  return { state, message: isOver(state) ? result_message : null };
}
