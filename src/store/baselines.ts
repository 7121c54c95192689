/** Baselines and drift checks: what promotions are judged by. Immutable and sealed; a damaged one says so and is not judged. */
import { Fingerprint } from "../core/facts.ts";
import type { BaselineRow, DamagedBaseline, DriftCheckRow } from "../ports/findings.ts";
import type { Tx } from "../ports/store.ts";
import type { DbTx } from "./schema.ts";
import { brokenSeal, parsed, sealOf, textOf } from "./sealed.ts";

type Baselines = Pick<
  Tx,
  | "baseline"
  | "baselineOf"
  | "addBaseline"
  | "driftCheck"
  | "driftVerdict"
  | "addDriftCheck"
  | "newestDriftCheck"
>;

export function baselines(db: DbTx): Baselines {
  return { ...ofPairs(db), ...driftChecks(db) };
}

function ofPairs(db: DbTx): Pick<Tx, "baseline" | "baselineOf" | "addBaseline"> {
  const newest = () =>
    db
      .selectFrom("baselines")
      .select([
        "id",
        "source_environment_id",
        "target_environment_id",
        "operation_id",
        "created_at",
        "digest",
      ])
      .select([textOf("source").as("source"), textOf("target").as("target")])
      .orderBy("seq", "desc")
      .limit(1);
  return {
    baseline: async (id) => baselineRow(await newest().where("id", "=", id).executeTakeFirst()),
    baselineOf: async (source, target) => {
      const found = newest()
        .where("source_environment_id", "=", source)
        .where("target_environment_id", "=", target);
      return baselineRow(await found.executeTakeFirst());
    },
    addBaseline: async (row) => {
      const texts = { source: JSON.stringify(row.source), target: JSON.stringify(row.target) };
      const digest = sealOf(identityOf(row), [texts.source, texts.target]);
      await db
        .insertInto("baselines")
        .values({ ...row, ...texts, digest })
        .execute();
    },
  };
}

type Identity = Pick<BaselineRow, "id" | "source_environment_id" | "target_environment_id">;
const identityOf = (row: Identity) => [row.id, row.source_environment_id, row.target_environment_id];

/** A row as it is stored: JSON columns as text. */
type Raw<Row, J extends keyof Row> = Omit<Row, J> & {
  readonly [K in J]: string | null;
} & { readonly digest: string | null };

function baselineRow(
  row: Raw<BaselineRow, "source" | "target"> | undefined,
): BaselineRow | DamagedBaseline | null {
  if (row === undefined) return null;
  const { digest, source, target, ...rest } = row;
  const damaged = brokenSeal(digest, sealOf(identityOf(row), [source, target]));
  if (damaged !== null) return { id: row.id, damaged };
  const sides = { source: parsed(Fingerprint, source), target: parsed(Fingerprint, target) };
  if (!sides.source.ok) return { id: row.id, damaged: sides.source.why };
  if (!sides.target.ok) return { id: row.id, damaged: sides.target.why };
  return { ...rest, source: sides.source.value, target: sides.target.value };
}

function driftChecks(
  db: DbTx,
): Pick<Tx, "driftCheck" | "driftVerdict" | "addDriftCheck" | "newestDriftCheck"> {
  const newest = () =>
    db
      .selectFrom("drift_checks")
      .select(["id", "environment_id", "source_environment_id", "operation_id", "baseline_id"])
      .select(["status", "checked_at", "digest", "drift"])
      .select([textOf("fingerprint").as("fingerprint_text"), textOf("drift").as("drift_text")])
      .orderBy("seq", "desc")
      .limit(1);
  const rowOf = async (query: ReturnType<typeof newest>) => driftCheckRow(await query.executeTakeFirst());
  return {
    driftCheck: async (id) => rowOf(newest().where("id", "=", id)),
    newestDriftCheck: async (environment_id, baseline_id) =>
      rowOf(newest().where("environment_id", "=", environment_id).where("baseline_id", "=", baseline_id)),
    driftVerdict: async (id) => {
      const row = await db.selectFrom("drift_checks").select("drift").where("id", "=", id).executeTakeFirst();
      return row?.drift ?? null;
    },
    addDriftCheck: async (row) => {
      const texts = { fingerprint: JSON.stringify(row.fingerprint), drift: JSON.stringify(row.drift) };
      const digest = sealOf(checkIdentity(row), [texts.fingerprint, texts.drift]);
      await db
        .insertInto("drift_checks")
        .values({ ...row, ...texts, checked_at: instant(row.checked_at), digest })
        .execute();
    },
  };
}

/** In milliseconds, as it is read again. */
const instant = (time: string): string => new Date(time).toISOString();

type CheckIdentity = Pick<DriftCheckRow, "id" | "environment_id" | "baseline_id" | "status" | "checked_at">;
const checkIdentity = (row: CheckIdentity) => [
  row.id,
  row.environment_id,
  row.baseline_id,
  row.status,
  instant(row.checked_at),
];

type RawCheck = Omit<DriftCheckRow, "fingerprint" | "damaged"> & {
  readonly digest: string | null;
  readonly fingerprint_text: string | null;
  readonly drift_text: string | null;
};

function driftCheckRow(row: RawCheck | undefined): DriftCheckRow | null {
  if (row === undefined) return null;
  const { digest, fingerprint_text, drift_text, drift, ...rest } = row;
  const broken = brokenSeal(digest, sealOf(checkIdentity(row), [fingerprint_text, drift_text]));
  const unread: DriftCheckRow = {
    ...rest,
    status: "unknown",
    fingerprint: null,
    drift: null,
    damaged: broken,
  };
  if (broken !== null) return unread;
  const fingerprint = parsed(Fingerprint, fingerprint_text);
  if (!fingerprint.ok) return { ...unread, damaged: fingerprint.why };
  return { ...rest, drift, fingerprint: fingerprint.value, damaged: null };
}
