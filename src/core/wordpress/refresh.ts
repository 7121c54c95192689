/**
 * A refresh is a rebase: the source's protected data is replaced by the target's, promotable things that only the target
 * changed are taken over, those that only the source changed stay the source's, and a conflict refuses it.
 */
import type { RefreshSettings } from "../config/types.ts";
import { own } from "../own.ts";
import { optionChange, optionNames, tableChange, tableNames } from "./changes.ts";
import { leftBehind } from "./left-behind.ts";
import { listed } from "./listing.ts";
import { everything, expectedSource } from "./overwritten.ts";
import type { Baseline, Compared, RefreshPlan, Sentence, Sides } from "./types.ts";

/**
 * `baseline` null, or measured by another algorithm: nothing tells what the source changed, so all of it is replaced. Another
 * server version is no reason: unequal digests of one algorithm can make a refresh refuse, never lose a change.
 * `now.target` may be older than now (the last drift check, or the baseline itself): what changed since then stays a conflict
 * for the next plan, because kept items keep the baseline of both sides.
 */
export function planRefresh(input: {
  readonly baseline: Baseline | null;
  readonly now: Sides;
  /** What the source's host told of its differences. */
  readonly compared?: Compared | null;
}): RefreshPlan {
  const { baseline, now } = input;
  if (baseline === null || !sameAlgorithm(baseline, now)) return replacesAll(now);
  const tables = tableNames(now).filter((table) => isPromotable(now, table));
  const options = optionNames(baseline, now).filter((option) => isPromotableRow(now, option));
  const [tableChanges, optionChanges] = [
    tables.map((name) => ({ name, ...tableChange(baseline, now, name) })),
    options.map((name) => ({ name, ...optionChange(baseline, now, name) })),
  ];
  const onlySource = [tableChanges, optionChanges].map((all) =>
    all.filter((one) => one.source && !one.target && !one.equal).map(({ name }) => name),
  );
  const both = [...tableChanges, ...optionChanges].filter((one) => one.source && one.target && !one.equal);
  const overwritten = leftBehind(baseline.source, now.source, input.compared ?? null);
  const kept = {
    keep_tables: (onlySource[0] ?? []).filter((name) => own(now.source.tables, name) !== undefined),
    keep_options: onlySource[1] ?? [],
  };
  return {
    first_clone: false,
    ...kept,
    expected_source: expectedSource(now.source, kept),
    conflicts: conflict(both.map(({ name }) => name)),
    overwritten,
    sentences: [overwrites(overwritten.length > 0)],
  };
}

/** The plan with what the site's configuration says of the data that comes. */
export function withSettings(plan: RefreshPlan, { personal_data, leave_out }: RefreshSettings): RefreshPlan {
  const left = [...leave_out.tables, ...leave_out.files];
  const said = [
    ...(personal_data === "keep" ? [] : [{ code: "personal_data", text: PERSONAL[personal_data] }]),
    ...(left.length === 0 ? [] : [{ code: "left_out", text: `Left out are ${listed(left)}.` }]),
  ];
  return { ...plan, sentences: [...plan.sentences, ...said.map((one) => ({ ...one, remedy: null }))] };
}

const PERSONAL = {
  mask: "Personal data comes as made-up text; administrators keep their accounts.",
  leave_out:
    "Visitors' data with persons in it is left out, users come as made-up text; administrators keep their accounts.",
} as const;

/** Unclassified tables are the source's own as long as nobody says what they are: they count as promotable here. */
function isPromotable({ source, target }: Sides, table: string): boolean {
  const here = own(target.tables, table) ?? own(source.tables, table);
  return here?.class === "config" || here?.class === "unclassified";
}

function isPromotableRow({ source, target }: Sides, option: string): boolean {
  return [source, target].every((side) => (own(side.options, option)?.class ?? "config") === "config");
}

function conflict(names: readonly string[]): Sentence[] {
  if (names.length === 0) return [];
  const text = `Source and target both changed ${listed(names)} since the baseline: a refresh would lose one of the two.`;
  return [
    {
      code: "refresh_conflict",
      text,
      remedy: "Make both sides equal by hand, then comment `/refresh` again.",
    },
  ];
}

function overwrites(something: boolean): Sentence {
  const text = something
    ? "What was changed in the source's protected data is overwritten; a backup of it is taken first."
    : "Nothing was changed in the source's protected data since the last refresh, so nothing of it is lost.";
  return { code: something ? "overwrites" : "overwrites_nothing", text, remedy: null };
}

const sameAlgorithm = (baseline: Baseline, now: Sides): boolean =>
  baseline.source.algorithm === now.source.algorithm && baseline.target.algorithm === now.target.algorithm;

const nothingKept = { first_clone: false, keep_tables: [], keep_options: [], conflicts: [] };

function replacesAll({ source }: Sides): RefreshPlan {
  return {
    ...nothingKept,
    expected_source: expectedSource(source, nothingKept),
    overwritten: everything(source),
    sentences: [
      {
        code: OVERWRITES_ALL,
        text: "No baseline tells what the source changed: everything in it is replaced by the target's (a backup is taken before).",
        remedy: null,
      },
    ],
  };
}

/** The code of the sentence that nothing tells what the source changed. */
export const OVERWRITES_ALL = "overwrites_all";

/** The refresh of a source that is laid out and empty. */
export const firstClone: RefreshPlan = {
  ...nothingKept,
  first_clone: true,
  expected_source: null,
  overwritten: [],
  sentences: [
    {
      code: "first_clone",
      text: "The source is empty: it becomes a clone, and nothing is overwritten.",
      remedy: null,
    },
  ],
};
