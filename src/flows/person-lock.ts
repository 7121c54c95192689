/** `/lock` and `/unlock`: a person keeps an environment; and whoever frees one whose operation is in doubt has its host looked at. */
import type { Answer } from "../core/answer.ts";
import { lock, type PersonWords, unlock } from "../core/rendering/locks.ts";
import type { PersonLockRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { beginRecovery } from "./recover.ts";
import { openWork } from "./work.ts";

type LockDeps = Pick<Deps<never>, "clock" | "settings">;

export interface LockRequest {
  readonly target: EnvironmentRow;
  readonly pull_request: number;
  readonly login: string;
}

/** Locking again changes the reason. */
export async function lockByPerson(
  { clock }: LockDeps,
  tx: Tx,
  { target, pull_request, login, reason }: LockRequest & { readonly reason: string },
): Promise<Answer> {
  const before = await tx.personLock(target.id);
  if (before !== null && before.login.toLowerCase() !== login.toLowerCase()) {
    return lock.held(wordsOf(target, before));
  }
  const acquired_at = before?.acquired_at ?? clock.now();
  const row = { environment_id: target.id, login, reason, pull_request, acquired_at };
  await tx.putPersonLock(row);
  await note(clock, tx, { target, login, action: "locked", reason });
  return lock.taken(wordsOf(target, row));
}

/** Frees a person's lock, whoever's it is, and has an operation in doubt resolved; what is at work keeps its lock. */
export async function unlockByPerson(
  deps: LockDeps,
  tx: Tx,
  { target, login }: Omit<LockRequest, "pull_request">,
): Promise<Answer> {
  const freed = await freePerson(deps, tx, { target, login });
  const held = await freeOperation(deps, tx, { target, login });
  if (freed === null) return held ?? unlock.nothing(target.name);
  if (held === null) return freed;
  return { ...held, sentences: [...freed.sentences, ...held.sentences] };
}

type Freeing = Pick<LockRequest, "target" | "login">;

async function freePerson({ clock }: LockDeps, tx: Tx, { target, login }: Freeing): Promise<Answer | null> {
  const row = await tx.personLock(target.id);
  if (row === null) return null;
  await tx.removePersonLock(target.id);
  await note(clock, tx, {
    target,
    login,
    action: "unlocked",
    reason: `locked by ${row.login}: ${row.reason}`,
  });
  return unlock.freed(wordsOf(target, row));
}

async function freeOperation(deps: LockDeps, tx: Tx, { target, login }: Freeing): Promise<Answer | null> {
  const row = (await tx.locks()).find((one) => one.environment_id === target.id);
  const work = row === undefined ? null : await openWork(deps, tx, row.operation_id);
  if (work === null) return null;
  const { kind, requested_by: by } = work.operation;
  switch (await beginRecovery(deps, work, `github:${login}`)) {
    case "begun":
      return unlock.recovering(target.name);
    case "under_way":
      return unlock.recoveringAlready(target.name);
    case "not_unknown":
      return unlock.running(target.name, { kind, by });
  }
}

const wordsOf = ({ name }: EnvironmentRow, row: PersonLockRow): PersonWords => ({
  environment: name,
  by: row.login,
  reason: row.reason,
  since: row.acquired_at,
});

interface Note extends Freeing {
  readonly action: "locked" | "unlocked";
  readonly reason: string;
}

async function note(
  clock: LockDeps["clock"],
  tx: Tx,
  { target, login, action, reason }: Note,
): Promise<void> {
  await tx.addAudit({
    actor: `github:${login}`,
    action: `environment.${action}`,
    subject: `environment:${target.id}`,
    site_id: target.site_id,
    reason,
    details: { environment: target.name },
    at: clock.now(),
  });
}
