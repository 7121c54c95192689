/** An operation in hand, inside a transaction: its rows, and the steps of its life written to the store. */
import type { AuditRecord } from "../core/audit.ts";
import type { Json } from "../core/canonical.ts";
import type { Effect } from "../core/effects.ts";
import { advance, type PromotionEvent } from "../core/promotion.ts";
import type { Names } from "../core/rendering/endings.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow, SiteRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";

export interface Work {
  readonly tx: Tx;
  readonly clock: Deps["clock"];
  readonly now: string;
  readonly site: SiteRow;
  readonly operation: OperationRow;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
}

/** The operation with its site and environments, held until the transaction ends; null when there is none of this id. */
export async function openWork(
  deps: Pick<Deps, "clock">,
  tx: Tx,
  operation_id: string,
): Promise<Work | null> {
  const operation = await tx.operationForUpdate(operation_id);
  if (operation === null) return null;
  const site = await tx.site(operation.site_id);
  const source = await tx.environment(operation.source_environment_id);
  const target = await tx.environment(operation.target_environment_id);
  if (site === null || source === null || target === null) return null;
  return { tx, clock: deps.clock, now: deps.clock.now(), site, operation, source, target };
}

export function namesOf({ operation, source, target }: Work): Names {
  return { kind: operation.kind, source: source.name, target: target.name };
}

type Change = Parameters<Tx["updateOperation"]>[1];

export async function change(work: Work, changed: Change): Promise<Work> {
  return { ...work, operation: await work.tx.updateOperation(work.operation.id, changed) };
}

/** Moves the operation on. @throws when the state machine refuses: the caller has judged wrongly, and nothing is written. */
export async function move(work: Work, event: PromotionEvent, changed: Change = {}): Promise<Work> {
  const step = advance(work.operation.kind, work.operation.state, event);
  if (!step.ok) throw new Error(`${step.sentence} (operation ${work.operation.id}, event ${event})`);
  return change(work, { ...changed, state: step.state });
}

/** Whether the state machine would let `event` happen now. */
export function can(work: Work, event: PromotionEvent): boolean {
  return advance(work.operation.kind, work.operation.state, event).ok;
}

/** Writes effects to the outbox, due at once or later. */
export async function emit(work: Work, effect: Effect, not_before = work.now): Promise<void> {
  await work.tx.addEffect({
    id: work.clock.id(),
    operation_id: work.operation.id,
    repository: work.site.repository,
    effect,
    not_before,
  });
}

export interface Said {
  readonly actor: string;
  /** After the kind of the operation: `requested`, `blocked`, `succeeded`, ... */
  readonly action: string;
  readonly reason: string;
  readonly details?: Json;
}

export async function record(work: Work, said: Said): Promise<AuditRecord> {
  return work.tx.addAudit({
    actor: said.actor,
    action: `${work.operation.kind}.${said.action}`,
    subject: `operation:${work.operation.id}`,
    site_id: work.site.id,
    reason: said.reason,
    details: said.details ?? null,
    at: work.now,
  });
}
