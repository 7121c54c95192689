/** Keys of rows as people see them on GitHub, where everybody reads along who may read the repository. */
import type { DataClass } from "../vocabulary.ts";
import { code } from "./escape.ts";

interface Item {
  readonly kind: "table" | "files" | "code";
  readonly class: DataClass;
}

const NUMBERS = /^-?\d+(,-?\d+)*$/;
/** Rows whose text keys may be addresses, names or tokens of people. */
const PEOPLE: readonly DataClass[] = ["live", "secret"];

/** A key in code, or that there is one: a text key of what visitors wrote stands in the API alone. */
export function keyText({ kind, class: of }: Item, key: string): string {
  const hidden = kind === "table" && PEOPLE.includes(of) && !NUMBERS.test(key);
  return hidden ? "*(a text key)*" : code(key);
}
