/**
 * Moving a baseline: item by item, and only where both sides are now equal. A wholesale renewal would turn an edit that
 * production made in the meantime into "unchanged", and the next promotion would overwrite it.
 */
import type { Facts, Fingerprint } from "../facts.ts";
import type { JobInputs } from "../jobs.ts";
import { own } from "../own.ts";
import { optionNames, tableNames } from "./changes.ts";
import { hashOf, tableDiffers } from "./difference.ts";
import type { Baseline, RefreshPlan, Sides } from "./types.ts";

type Item = { readonly kind: "tables" | "options"; readonly name: string };
type Both = readonly [source: Fingerprint, target: Fingerprint];

/** Tables of so many rows may have outgrown the bot's lists by the time they are compared. */
const MANY_ROWS = 1_000;

/**
 * An environment's own baseline as a job wants it that compares it: what the bot cannot compare row by row (file by file), or
 * perhaps no longer, and option rows.
 */
export function comparisonWith(
  baseline: Fingerprint | null,
): Pick<JobInputs["drift_check"], "baseline_index" | "baseline_options"> {
  const tables = Object.entries(baseline?.tables ?? {}).flatMap(([table, { parts }]) => {
    const large = Object.entries(parts).filter(
      ([, part]) => part.rows > 0 && (part.row_hashes === undefined || part.rows >= MANY_ROWS),
    );
    const digests = Object.fromEntries(large.map(([kind, { digest }]) => [kind, digest]));
    return large.length === 0 ? [] : [[table, digests] as const];
  });
  const files = Object.entries(baseline?.files ?? {}).flatMap(([path, found]) =>
    found.files > 0 ? [[path, found.digest] as const] : [],
  );
  const code = baseline !== null && baseline.code.files > 0 ? baseline.code.digest : null;
  const options = Object.entries(baseline?.options ?? {}).map(
    ([option, { hash }]) => [option, hash] as const,
  );
  return {
    baseline_index: { tables: Object.fromEntries(tables), files: Object.fromEntries(files), code },
    baseline_options: Object.fromEntries(options),
  };
}

/** As `release_build` wants it: the promotable tables of the source's own, and how the target's defines its tables. */
export function releaseBaseline({
  source,
  target,
}: Baseline): Pick<JobInputs["release_build"], "baseline_tables" | "target_ddl"> {
  const tables = Object.entries(source.tables).flatMap(([table, { class: kind, parts }]) =>
    kind === "config" && parts.config !== undefined ? [[table, parts.config.digest] as const] : [],
  );
  const defined = Object.entries(target.tables).map(([table, { ddl }]) => [table, ddl] as const);
  return { baseline_tables: Object.fromEntries(tables), target_ddl: Object.fromEntries(defined) };
}

export interface Advance {
  readonly baseline: Baseline;
  /** The sides as the plan saw them: what was promoted is equal to the source's state of that moment. */
  readonly now: Sides;
  readonly facts: Facts["env_promote"];
}

/**
 * After a promotion: what was promoted, and what the plan found equal on both sides anyway. The baseline itself where
 * nothing was activated or it was rolled back.
 */
export function advanceBaseline({ baseline, now, facts }: Advance): Baseline {
  if (!facts.activated || facts.rolled_back || facts.promoted === undefined) return baseline;
  const { promoted } = facts;
  const moved = itemsOf(promoted);
  const equal = equalItems(baseline, now).filter(
    ({ kind, name }) => !moved.some((item) => item.kind === kind && item.name === name),
  );
  const settled = withItems(baseline, equal, [now.source, now.target]);
  const after: Fingerprint = {
    ...settled.target,
    // What a declared upgrade made of protected tables is what they are expected to be from now on.
    tables: { ...settled.target.tables, ...facts.migrated, ...promoted.tables },
    options: patched(settled.target.options, promoted.options),
    code: promoted.code,
    active_release: facts.release,
    wordpress: { ...settled.target.wordpress, version: now.source.wordpress.version },
  };
  const { source } = withItems(settled, moved, [now.source, now.source]);
  return { source: { ...source, code: now.source.code }, target: after };
}

/**
 * After a rollback of the promotion that began with the baseline `before`: each item that went back gets its entries of then,
 * on both sides. So the source's work counts as its change again, and what production wrote since the switch as production's.
 */
export function baselineAfterRollback(input: {
  readonly current: Baseline;
  readonly before: Baseline;
  readonly facts: Facts["release_rollback"];
}): Baseline {
  const { current, before, facts } = input;
  if (!facts.activated) return current;
  const items = facts.promoted === undefined ? [] : itemsOf(facts.promoted);
  const { source, target } = withItems(current, items, [before.source, before.target]);
  return {
    source: { ...source, code: before.source.code },
    target: {
      ...target,
      code: facts.promoted?.code ?? before.target.code,
      active_release: facts.release,
      wordpress: before.target.wordpress,
    },
  };
}

/** After a refresh: both sides anew, but what stayed the source's keeps its old entries on both sides. */
export function baselineAfterRefresh(
  old: Baseline | null,
  facts: Pick<Facts["env_refresh"], "source" | "target">,
  keep: Pick<RefreshPlan, "keep_tables" | "keep_options">,
): Baseline {
  const fresh = { source: facts.source, target: facts.target };
  const items: Item[] = [
    ...keep.keep_tables.map((name) => ({ kind: "tables" as const, name })),
    ...keep.keep_options.map((name) => ({ kind: "options" as const, name })),
  ];
  if (old !== null) return withItems(fresh, items, [old.source, old.target]);
  // Kept by a baseline that cannot be read any more: unknown on both sides, so that the next plan calls it a conflict.
  const nothing = { tables: {}, options: {} };
  return withItems(fresh, items, [
    { ...facts.source, ...nothing },
    { ...facts.target, ...nothing },
  ]);
}

/** Everything that is the same in source and target now although the baseline may say otherwise. */
function equalItems(baseline: Baseline, now: Sides): Item[] {
  const tables = tableNames(now).filter(
    (name) =>
      own(now.source.tables, name)?.class === "config" &&
      !tableDiffers(own(now.source.tables, name), own(now.target.tables, name)),
  );
  const options = optionNames(baseline, now).filter(
    (name) => hashOf(now.source, name) === hashOf(now.target, name),
  );
  return [
    ...tables.map((name) => ({ kind: "tables" as const, name })),
    ...options.map((name) => ({ kind: "options" as const, name })),
  ];
}

const itemsOf = (promoted: { readonly tables: object; readonly options: object }): Item[] => [
  ...Object.keys(promoted.tables).map((name) => ({ kind: "tables" as const, name })),
  ...Object.keys(promoted.options).map((name) => ({ kind: "options" as const, name })),
];

/** A baseline in which the given items have the entries of other fingerprints; an item they lack is taken out. */
function withItems(baseline: Baseline, items: readonly Item[], [source, target]: Both): Baseline {
  return {
    source: withEntries(baseline.source, items, source),
    target: withEntries(baseline.target, items, target),
  };
}

function withEntries(side: Fingerprint, items: readonly Item[], from: Fingerprint): Fingerprint {
  const entries = <T>(all: Readonly<Record<string, T>>, kind: Item["kind"]): Record<string, T | null> =>
    Object.fromEntries(
      items.flatMap((item) =>
        item.kind === kind ? [[item.name, own(all, item.name) ?? null] as const] : [],
      ),
    );
  return {
    ...side,
    tables: patched(side.tables, entries(from.tables, "tables")),
    options: patched(side.options, entries(from.options, "options")),
  };
}

/** The entries with some replaced, and those that are null now removed. */
function patched<T>(
  all: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries({ ...all, ...changes }).flatMap(([name, value]) =>
      value === null ? [] : [[name, value]],
    ),
  );
}
