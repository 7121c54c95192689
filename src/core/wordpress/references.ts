/**
 * Options that hold ids of protected rows (`page_on_front`). An id means something only inside its environment, so a row whose
 * reference could mean something else in production is not promoted. A key `option:member` is a reference inside a row.
 */
import type { ReferenceKind } from "../config/types.ts";
import { own } from "../own.ts";
import { code } from "../rendering/escape.ts";
import { partDifference } from "./difference.ts";
import type { PlanInput, Sentence } from "./types.ts";

/**
 * none: the option refers to nothing by id. same: the whole row is one reference, to the same thing on both sides.
 * safe: its ids mean the same on both sides. different: they dangle, or could mean something else.
 */
export type ReferenceVerdict = "none" | "same" | "safe" | "different";

export function judgeReference(input: PlanInput, option: string): ReferenceVerdict {
  const names = namesOf(input, option);
  if (names.length === 0) return "none";
  if (names.some((name) => !isSafe(input, name))) return "different";
  const { source, target } = input.now;
  return names[0] === option && own(source.references, option) === own(target.references, option)
    ? "same"
    : "safe";
}

/** The option itself where the rules say that it is a reference, then the members that the source has. */
function namesOf({ rules, now }: PlanInput, option: string): string[] {
  const members = Object.keys(now.source.references).filter((name) => name.startsWith(`${option}:`));
  return Object.hasOwn(rules.reference_options, option) ? [option, ...members] : members;
}

/** What the host answers for a reference to nothing, for example `page_on_front` = 0. */
const NOTHING = "none";

function isSafe(input: PlanInput, name: string): boolean {
  const { source, target } = input.now;
  const meant = own(source.references, name) ?? null;
  if (meant === null) return false;
  return meant === NOTHING || meant === own(target.references, name) || asCloned(input, kindOf(input, name));
}

/** Inside rows the host finds the logo (a post) and menus (terms). */
function kindOf({ rules }: PlanInput, name: string): ReferenceKind {
  return own(rules.reference_options, name) ?? (name.endsWith(":custom_logo") ? "post" : "terms");
}

/**
 * Cloning copies ids. As long as the source made or changed no such row since, and production changed or removed none, every
 * id that the source can name means the same on both sides.
 */
function asCloned({ baseline, now, compared }: PlanInput, kind: ReferenceKind): boolean {
  const tables = kind === "terms" ? ["terms", "term_taxonomy"] : ["posts"];
  return tables.every((table) => {
    const difference = (side: "source" | "target") =>
      partDifference(
        own(baseline[side].tables, table)?.parts.editorial,
        own(now[side].tables, table)?.parts.editorial,
        own(compared[side]?.differences.tables, table)?.editorial,
      );
    const [source, target] = [difference("source"), difference("target")];
    const untouched = source === null || (source.added === 0 && source.changed === 0);
    return untouched && (target === null || (target.removed === 0 && target.changed === 0));
  });
}

/** The sentence that blocks a row whose references are not safe: what each side means by its ids. */
export function referenceBlock(input: PlanInput, option: string): Sentence {
  const { source, target } = input.now;
  const found = namesOf(input, option)
    .filter((name) => !isSafe(input, name))
    .map((name) => {
      const member = name === option ? "" : `${code(name.slice(option.length + 1))}: `;
      return `${member}${meaning(own(source.references, name))} in the source, ${meaning(own(target.references, name))} in production`;
    });
  return {
    code: "reference_differs",
    text: `The option \`${option}\` refers to content by id (${found.join("; ")}). Ids mean something in their own environment only, so production would show something else, or nothing.`,
    remedy: `Set it in production itself, or write \`keep: [${JSON.stringify(option)}]\` under \`promotion.options\` in .github/belay.yml.`,
  };
}

/** `page:home` is the page `home`; what does not exist on a side is said, too. */
function meaning(value: string | null | undefined): string {
  if (value === undefined) return "not set";
  if (value === null) return "an id of something that is not there";
  if (value === NOTHING) return "nothing";
  const things = value.split(",").map((one) => {
    const at = one.indexOf(":");
    return at === -1 ? code(one) : `the ${one.slice(0, at)} ${code(one.slice(at + 1))}`;
  });
  return things.join(" and ");
}
