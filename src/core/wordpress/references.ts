/**
 * Options that hold ids of protected rows (`page_on_front`). An id means something only inside its environment, so a row that
 * refers to something else in source and target cannot be promoted. A key `option:member` is a reference inside the row.
 */
import type { PlanInput, Sentence } from "./types.ts";

/** `none`: the option is no reference. `same`: the whole row is one reference, to the same thing on both sides. */
export type ReferenceVerdict = "none" | "same" | "members_same" | "different";

export function judgeReference(input: PlanInput, option: string): ReferenceVerdict {
  const members = Object.keys(input.now.source.references).filter((name) => name.startsWith(`${option}:`));
  const whole = Object.hasOwn(input.rules.reference_options, option);
  if (!whole && members.length === 0) return "none";
  const names = whole ? [option, ...members] : members;
  if (names.some((name) => resolved(input, name) === null)) return "different";
  return whole ? "same" : "members_same";
}

/** What both sides refer to, or null where it dangles on a side or differs. */
function resolved({ now }: PlanInput, name: string): string | null {
  const [source, target] = [now.source.references[name] ?? null, now.target.references[name] ?? null];
  return source === target ? source : null;
}

/** The sentence that blocks a row whose reference is not the same on both sides. */
export function referenceBlock({ now }: PlanInput, option: string): Sentence {
  const shown = (value: string | null | undefined) =>
    value == null ? "nothing that exists" : `\`${value}\``;
  const names = Object.keys(now.source.references).filter(
    (name) => name === option || name.startsWith(`${option}:`),
  );
  const pairs = (names.length === 0 ? [option] : names)
    .filter(
      (name) =>
        now.source.references[name] == null || now.source.references[name] !== now.target.references[name],
    )
    .map(
      (name) =>
        `${shown(now.source.references[name])} in the source and ${shown(now.target.references[name])} in production`,
    );
  return {
    code: "reference_differs",
    text: `The option \`${option}\` refers by id to ${pairs.join("; ")}: the id would mean something else there.`,
    remedy: `Set it in production itself, or write \`keep: [${option}]\` under \`promotion.options\` in .github/belay.yml.`,
  };
}
