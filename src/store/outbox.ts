/** The outbox: effects that a transaction leaves behind, applied afterwards, each stream in order. */
import { type EffectResult, streamOf, supersedes } from "../core/effects.ts";
import { outageOf } from "../core/outage.ts";
import type { EffectRow, Queue, ResourceRow } from "../ports/queue.ts";
import type { Tx } from "../ports/store.ts";
import { LEASE_MS, later, messageOf, SETTLED, tryAgain, whileLeased } from "./lease.ts";
import { isRepetition } from "./repetition.ts";
import { restoredAt } from "./restored.ts";
import type { Db, DbTx } from "./schema.ts";
import { shownChecks } from "./shown-checks.ts";
import { shownSince } from "./shown-since.ts";
import { markSettings } from "./sweeps.ts";
import { keepableJson } from "./texts.ts";

type Outbox = Pick<
  Tx,
  | "addEffect"
  | "markSettings"
  | "resource"
  | "restoredAt"
  | "shownChecks"
  | "shownSince"
  | "withdrawDispatches"
>;

export function outbox(db: DbTx): Outbox {
  return {
    addEffect: async ({ repository, effect, ...row }) => {
      const stream = streamOf(effect);
      if (await isRepetition(db, { repository_id: repository.id, stream, effect, ...row })) return;
      if (supersedes(effect)) await supersede(db, repository.id, stream);
      await db
        .insertInto("effects")
        .values({
          ...row,
          stream,
          repository_id: repository.id,
          repository: JSON.stringify(repository),
          effect: keepableJson(effect),
          state: "pending",
          attempts: 0,
          faults: 0,
          outage: null,
          leased_until: null,
          last_error: null,
          settled_at: null,
        })
        .execute();
    },
    withdrawDispatches: async (operation_id) => {
      await db
        .updateTable("effects")
        .set({ state: "superseded" })
        .where("operation_id", "=", operation_id)
        .where("stream", "like", "dispatch:%")
        .where("state", "=", "pending")
        .where("leased_until", "is", null)
        .execute();
    },
    markSettings: (ids, at) => markSettings(db, ids, at),
    restoredAt: () => restoredAt(db),
    shownChecks: (repository_id, head_sha, external_ids) =>
      shownChecks(db, { repository_id, head_sha, external_ids }),
    resource: (repository_id, stream) => resource(db, repository_id, stream),
    shownSince: (repository_id, streams) => shownSince(db, { repository_id, streams }),
  };
}

/** What waits in this stream is older and says less; one that is being applied right now is left to end. */
async function supersede(db: DbTx, repository_id: number, stream: string): Promise<void> {
  await db
    .updateTable("effects")
    .set({ state: "superseded" })
    .where("repository_id", "=", repository_id)
    .where("stream", "=", stream)
    .where("state", "=", "pending")
    .where("leased_until", "is", null)
    .execute();
}

type ApplyEffect = Parameters<Queue["takeEffect"]>[1];

export async function takeEffect(db: Db, now: string, work: ApplyEffect): Promise<boolean> {
  const leased = await db.transaction().execute((tx) => leaseEffect(tx, now));
  if (leased === undefined) return false;
  const { row, settled_at, known, untried } = leased;
  const renew = (leased_until: string) =>
    db
      .updateTable("effects")
      .set({ leased_until })
      .where("id", "=", row.id)
      .where("attempts", "=", row.attempts)
      .where("leased_until", "is not", null)
      .execute();
  const began = performance.now();
  const result = await whileLeased(now, renew, () => work(row, known, untried)).catch(crashed);
  await db.transaction().execute(async (tx) => {
    if (result.ok) await remember(tx, row, result);
    const outdated = !result.ok && (await hasSuccessor(tx, row));
    const change = settlement(row, now, result);
    const ended = later(now, performance.now() - began);
    const asked = row.effect.kind === "dispatch" && untried;
    const settled = settledAt(change.state, asked ? ended : settled_at, ended);
    await tx
      .updateTable("effects")
      .set({ ...change, settled_at: settled, ...(outdated && { state: "superseded" }) })
      .where("id", "=", row.id)
      // Whoever took it after this lease had run out has the last word.
      .where("attempts", "=", row.attempts)
      .execute();
  });
  return true;
}

function crashed(reason: unknown): EffectResult {
  const outage = outageOf(reason);
  if (outage !== null) return { ok: false, retry: true, ...outage, message: messageOf(reason) };
  return { ok: false, retry: true, code: "EFFECT_CRASHED", message: messageOf(reason) };
}

function settlement(row: EffectRow, now: string, result: EffectResult) {
  if (result.ok) return { ...SETTLED, state: "done" } as const;
  const message = `${result.code}: ${result.message}`;
  return tryAgain(row, now, { message, outage: outageOf(result), retry: result.retry });
}

/** What is given up again and again counts from the first time: it is not tried for ever, and grows old. */
function settledAt(state: EffectRow["state"], before: string | null, now: string): string | null {
  if (state === "pending") return before;
  return state === "failed" ? (before ?? now) : now;
}

/** The first effect of each stream is the only one that may be taken, so a stream is applied in order. */
function firstDue(tx: DbTx, now: string) {
  return tx
    .selectFrom("effects")
    .select(["id", "settled_at", "effect"])
    .where("state", "=", "pending")
    .where("not_before", "<=", now)
    .where((sql) => sql.or([sql("leased_until", "is", null), sql("leased_until", "<=", now)]))
    .where((sql) =>
      sql.not(
        sql.exists(
          sql
            .selectFrom("effects as earlier")
            .select("earlier.id")
            .whereRef("earlier.repository_id", "=", "effects.repository_id")
            .whereRef("earlier.stream", "=", "effects.stream")
            .whereRef("earlier.seq", "<", "effects.seq")
            .where("earlier.state", "=", "pending"),
        ),
      ),
    )
    .orderBy("seq")
    .limit(1)
    .forUpdate()
    .skipLocked();
}

async function leaseEffect(tx: DbTx, now: string) {
  const due = await firstDue(tx, now).executeTakeFirst();
  if (due === undefined) return undefined;
  const starts = due.effect.kind === "dispatch" ? mayStart(due.settled_at, now) : null;
  const {
    leased_until: _lease,
    settled_at,
    repository_id,
    ...row
  } = await tx
    .updateTable("effects")
    .set((sql) => ({ leased_until: later(now, LEASE_MS), attempts: sql("attempts", "+", 1) }))
    .$if(starts === true, (query) => query.set({ settled_at: now }))
    .where("id", "=", due.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const known = await resource(tx, repository_id, row.stream);
  const untried = starts ?? (await isUntried(tx, repository_id, { row, known, now }));
  return { row, settled_at, known, untried };
}

/** GitHub lists a run after so long, if it has started it. */
const LISTED_AFTER_MS = 45_000;

/**
 * While a run is to be started, `settled_at` is when GitHub was asked for it, and stands there before that: whatever became of the
 * answer, and of the bot, it is not asked again before the run would be listed.
 */
function mayStart(asked_at: string | null, now: string): boolean {
  return asked_at === null || Date.parse(now) - Date.parse(asked_at) >= LISTED_AFTER_MS;
}

interface Leased {
  readonly row: EffectRow;
  readonly known: ResourceRow | null;
  readonly now: string;
}

/**
 * A store that was put back does not know what was made since its backup. So long GitHub delivers webhooks of that time again; by then
 * they have been worked on, every open pull request was looked at, and what comes anew is new.
 */
const FORGETFUL_MS = 3 * 24 * 3600 * 1000;

async function isJustRestored(tx: DbTx, now: string): Promise<boolean> {
  const at = await restoredAt(tx);
  return at !== null && Date.parse(now) - Date.parse(at) <= FORGETFUL_MS;
}

/** An answer may have been lost, also that to an earlier effect which this one has taken the place of. */
async function isUntried(tx: DbTx, repository_id: number, { row, known, now }: Leased): Promise<boolean> {
  if (row.attempts > 1) return false;
  // Each status of a deployment is a thing of its own.
  if (row.effect.kind === "deployment_status") return true;
  if (known !== null || (await isJustRestored(tx, now))) return false;
  const tried = await tx
    .selectFrom("effects")
    .select("id")
    .where("repository_id", "=", repository_id)
    .where("stream", "=", row.stream)
    .where("attempts", ">", 0)
    .where("id", "<>", row.id)
    .limit(1)
    .executeTakeFirst();
  return tried === undefined;
}

async function resource(tx: DbTx, repository_id: number, stream: string): Promise<ResourceRow | null> {
  const row = await tx
    .selectFrom("resources")
    .selectAll()
    .where("repository_id", "=", repository_id)
    .where("stream", "=", stream)
    .executeTakeFirst();
  return row ?? null;
}

async function remember(
  tx: DbTx,
  row: EffectRow,
  made: { readonly external_id: number | null; readonly url: string | null },
): Promise<void> {
  const { external_id, url } = made;
  await tx
    .insertInto("resources")
    .values({ repository_id: row.repository.id, stream: row.stream, external_id, url })
    .onConflict((conflict) => conflict.columns(["repository_id", "stream"]).doUpdateSet({ external_id, url }))
    .execute();
}

/** A newer state of the same comment or check was written while this one could not be applied. */
async function hasSuccessor(tx: DbTx, row: EffectRow): Promise<boolean> {
  if (!supersedes(row.effect)) return false;
  const newer = await tx
    .selectFrom("effects")
    .select("id")
    .where("repository_id", "=", row.repository.id)
    .where("stream", "=", row.stream)
    .where("state", "=", "pending")
    .where("seq", ">", row.seq)
    .executeTakeFirst();
  return newer !== undefined;
}
