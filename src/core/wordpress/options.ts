/** The plan of each option row that a side changed. Rows are merged one by one; values are not known here, only hashes. */

import { matchesPattern } from "../glob.ts";
import { own } from "../own.ts";
import type { DataClass } from "../vocabulary.ts";
import { optionChange, optionNames } from "./changes.ts";
import { hashOf } from "./difference.ts";
import { judgeReference } from "./references.ts";
import { optionRule } from "./rules.ts";
import type { Changed, PlanInput, PlanOption } from "./types.ts";

export function planOptions(input: PlanInput): PlanOption[] {
  return optionNames(input.baseline, input.now).flatMap((option) => {
    const changed = optionChange(input.baseline, input.now, option);
    if (!changed.source && !changed.target) return [];
    const kind = classOf(input, option);
    const [action, why] = decide(input, { option, kind, changed });
    const removes = action === "promote" && hashOf(input.now.source, option) === null;
    const flags = action === "keep" ? [] : flagsOf(input, option);
    const values = valuesOf(input, option, kind);
    return [{ option, class: kind, changed, action, removes, why, flags, values }];
  });
}

/**
 * What each side's host told of the row. The host shows configuration only; here it is asked again, so that no host can make the
 * bot publish a row whose name or class says that it is a secret.
 */
function valuesOf(input: PlanInput, option: string, kind: DataClass): PlanOption["values"] {
  const rule = optionRule(input.rules, option, input.manifest.source.prefix);
  if (kind !== "config" || rule?.class !== "config" || flagsOf(input, option).length > 0) return {};
  const told = (side: "source" | "target") => {
    const values = input.compared[side]?.option_values ?? {};
    const value = Object.hasOwn(values, option) ? values[option] : undefined;
    return value === undefined ? {} : { [side]: value };
  };
  return { ...told("source"), ...told("target") };
}

/** Where the sides disagree, the class that keeps production's row counts. */
function classOf({ now, baseline }: PlanInput, option: string): DataClass {
  const classes = [now.target, now.source, baseline.target, baseline.source].flatMap(
    (side) => own(side.options, option)?.class ?? [],
  );
  return classes.find((kind) => kind !== "config") ?? "config";
}

interface Subject {
  readonly option: string;
  readonly kind: DataClass;
  readonly changed: Changed;
}
type Decision = readonly [PlanOption["action"], string];

function decide(input: PlanInput, { option, kind, changed }: Subject): Decision {
  if (kind !== "config") return ["keep", `Production's stays: the row is classed as ${kind}.`];
  if (!changed.source) return ["keep", "Only production changed it since the baseline: production's stays."];
  if (changed.equal) return ["keep", "Both sides hold the same now."];
  const reference = judgeReference(input, option);
  if (reference === "same") return ["keep", "Both sides refer to the same thing: production's id stays."];
  if (reference === "different")
    return ["conflict", "It refers by id to something that may not be the same on both sides."];
  if (!Object.hasOwn(input.manifest.options, option))
    return ["keep", "The source changed it, but this release does not hold it."];
  if (!changed.target) return ["promote", "Only the source changed it since the baseline."];
  const wins = input.config.promotion.options.source_wins.some((pattern) => matchesPattern(pattern, option));
  return wins
    ? ["promote", "Both sides changed it, and the site's configuration says that the source wins."]
    : ["conflict", "Source and production both changed it since the baseline."];
}

/** Words in a name that hint at something which belongs to one environment only. */
const TELLTALE =
  /(^|[_\-.])(api|key|keys|apikey|token|secret|licen[cs]e|password|passwd|credentials?|salt|sandbox|mode|env|environment|host|url|webhook)([_\-.]|$)/i;

function flagsOf(input: PlanInput, option: string): string[] {
  const { prefix } = input.manifest.source;
  const unknown = (optionRule(input.rules, option, prefix)?.origin ?? "unknown") === "unknown";
  return [
    ...(unknown ? ["nothing classifies it"] : []),
    ...(TELLTALE.test(option) ? ["its name hints at a key, a token, an address or a mode"] : []),
  ];
}
