/** Many names in few words: sentences and lines to paste stay readable, and fit, however many tables or options there are. */
const MAX_LISTED = 20;
const MAX_PASTED = 100;
/** Fewer names with one beginning are written out. */
const WORTH_A_PATTERN = 4;

/** `a`, `b` and 3 more; each in code. */
export function listed(values: readonly string[]): string {
  const shown = values
    .slice(0, MAX_LISTED)
    .map((value) => `\`${value}\``)
    .join(", ");
  return values.length > MAX_LISTED ? `${shown} and ${values.length - MAX_LISTED} more` : shown;
}

/** Notes in one sentence; where there are more, it says how many. */
export function noted(notes: readonly string[]): string {
  const more = notes.length - MAX_LISTED;
  return `${notes.slice(0, MAX_LISTED).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** A list for YAML, in JSON's quotes: whatever a name holds, it is only that text. A comment says what did not fit. */
export function pasted(names: readonly string[]): string {
  const shown = names.slice(0, MAX_PASTED).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return more > 0 ? `[${shown.join(", ")}] # and ${more} more` : `[${shown.join(", ")}]`;
}

/**
 * The names, those with a common beginning (`acme_`) as one pattern where they are many. `others` are names that no pattern
 * may match.
 */
export function asPatterns(names: readonly string[], others: readonly string[]): readonly string[] {
  if (names.length <= MAX_LISTED) return names;
  const groups = Map.groupBy(names, (name) => /^[^_]+_/.exec(name)?.[0] ?? "");
  return [...groups].flatMap(([first, group]) => {
    const start = first === "" ? "" : commonStart(group);
    const meant = start !== "" && group.length >= WORTH_A_PATTERN && !/[*?]/.test(start);
    return meant && !others.some((other) => other.startsWith(start)) ? [`${start}*`] : group;
  });
}

/** What all of the names begin with, up to an underscore. */
function commonStart(names: readonly string[]): string {
  const [one = "", ...more] = names;
  const differs = (at: number) => more.some((name) => name[at] !== one[at]);
  const end = [...one].findIndex((_, at) => differs(at));
  const common = one.slice(0, end === -1 ? one.length : end);
  return common.slice(0, common.lastIndexOf("_") + 1);
}
