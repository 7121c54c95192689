/**
 * Regular expressions of ECMAScript as trees, so that they can be judged without being run. What the tree cannot hold (a reference
 * back to a group) is named; the caller decides what that means.
 */

import {
  ANY_SIGN,
  bothCases,
  complement,
  DIGITS,
  LAST_SIGN,
  LINE_ENDS,
  normal,
  type Signs,
  SPACE,
  single,
  WORD,
} from "./signs.ts";

export type Expression =
  | { readonly kind: "empty" }
  | { readonly kind: "signs"; readonly signs: Signs }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly parts: readonly Expression[] }
  | { readonly kind: "repeat"; readonly inner: Expression; readonly least: number; readonly most: number }
  /** Holds at a place and takes no sign. */
  | { readonly kind: "start" | "end" | "boundary" | "no-boundary" }
  | { readonly kind: "look"; readonly inner: Expression };

export class PatternError extends Error {}

interface Reader {
  readonly source: string;
  readonly ignoreCase: boolean;
  at: number;
  depth: number;
}

/** @throws PatternError where the pattern holds something that has no tree here */
export function parsePattern(source: string, ignoreCase = false): Expression {
  const reader: Reader = { source, ignoreCase, at: 0, depth: 0 };
  const found = choice(reader);
  if (reader.at < source.length) throw new PatternError("a `)` without its `(`");
  return found;
}

function choice(reader: Reader): Expression {
  if (++reader.depth > 50) throw new PatternError("groups nested more than 50 deep");
  const parts = [sequence(reader)];
  while (reader.source[reader.at] === "|") {
    reader.at++;
    parts.push(sequence(reader));
  }
  reader.depth--;
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "choice", parts };
}

function sequence(reader: Reader): Expression {
  const parts: Expression[] = [];
  while (reader.at < reader.source.length && !"|)".includes(reader.source[reader.at] ?? "")) {
    parts.push(repeated(reader, atom(reader)));
  }
  return parts.length === 0 ? { kind: "empty" } : { kind: "sequence", parts };
}

/** Lazy and greedy repetitions match the same texts. */
function repeated(reader: Reader, inner: Expression): Expression {
  const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(reader.source.slice(reader.at, reader.at + 24));
  if (found === null) return inner;
  reader.at += found[0].length;
  if (reader.source[reader.at] === "?") reader.at++;
  const [least, most] = bounds(found);
  if (least > 1000 || (most !== Number.POSITIVE_INFINITY && most > 1000))
    throw new PatternError("a repetition of more than 1000");
  return repeated(reader, { kind: "repeat", inner, least, most });
}

function bounds([sign, from, rest, to]: RegExpExecArray): readonly [number, number] {
  if (from !== undefined) {
    const least = Number(from);
    if (rest === undefined) return [least, least];
    return [least, to === undefined || to === "" ? Number.POSITIVE_INFINITY : Number(to)];
  }
  if (sign === "?") return [0, 1];
  return [sign === "+" ? 1 : 0, Number.POSITIVE_INFINITY];
}

function atom(reader: Reader): Expression {
  const sign = take(reader);
  if (sign === "(") return group(reader);
  if (sign === "[") return { kind: "signs", signs: bracket(reader) };
  if (sign === ".") return { kind: "signs", signs: complement(LINE_ENDS) };
  if (sign === "^") return { kind: "start" };
  if (sign === "$") return { kind: "end" };
  if (sign === "\\") return escaped(reader);
  if ("*+?".includes(sign)) throw new PatternError("a repetition of nothing");
  return { kind: "signs", signs: folded(reader, single(sign)) };
}

const folded = ({ ignoreCase }: Reader, signs: Signs): Signs => (ignoreCase ? bothCases(signs) : signs);

function group(reader: Reader): Expression {
  const opened =
    /^\?(?:[:=!]|<[=!]|<[^>=!]+>)/.exec(reader.source.slice(reader.at, reader.at + 80))?.[0] ?? "";
  if (opened === "" && reader.source[reader.at] === "?")
    throw new PatternError("a kind of group that is not known here");
  reader.at += opened.length;
  const inner = choice(reader);
  if (reader.source[reader.at] !== ")") throw new PatternError("a `(` without its `)`");
  reader.at++;
  return /^\?(?:[=!]|<[=!])/.test(opened) ? { kind: "look", inner } : inner;
}

function escaped(reader: Reader): Expression {
  const sign = reader.source[reader.at] ?? "";
  if (sign === "b" || sign === "B") {
    reader.at++;
    return { kind: sign === "b" ? "boundary" : "no-boundary" };
  }
  if (/[1-9k]/.test(sign)) throw new PatternError("a reference back to a group");
  return { kind: "signs", signs: folded(reader, escapedSigns(reader)) };
}

const SETS: Readonly<Record<string, Signs>> = { d: DIGITS, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, "0": 0 };

/** The signs of an escape, in a bracket or outside; the reader stands after the backslash. */
function escapedSigns(reader: Reader): Signs {
  const sign = take(reader);
  const set = SETS[sign.toLowerCase()];
  if (set !== undefined) return sign === sign.toLowerCase() ? set : complement(set);
  const control = CONTROLS[sign];
  if (control !== undefined) return [[control, control]];
  if (sign === "p" || sign === "P") return property(reader);
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/.exec(
    sign + reader.source.slice(reader.at, reader.at + 8),
  );
  if (code === null) {
    if (sign === "c") take(reader);
    return single(sign);
  }
  reader.at += code[0].length - 1;
  const point = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? "0", 16);
  return [[point, point]];
}

/** What a property holds does not matter for judging repetitions: it may be any sign, which errs on the side of caution. */
function property(reader: Reader): Signs {
  const name = /^\{[^}]*\}/.exec(reader.source.slice(reader.at, reader.at + 80))?.[0];
  if (name === undefined) throw new PatternError("a property without its name");
  reader.at += name.length;
  return ANY_SIGN;
}

function bracket(reader: Reader): Signs {
  const negated = reader.source[reader.at] === "^";
  if (negated) reader.at++;
  const found: (readonly [number, number])[] = [];
  while (reader.source[reader.at] !== "]") {
    if (reader.at >= reader.source.length) throw new PatternError("a `[` without its `]`");
    const low = bracketSigns(reader);
    const ranged =
      reader.source[reader.at] === "-" && reader.source[reader.at + 1] !== "]" && low.length === 1;
    if (!ranged) {
      found.push(...low);
      continue;
    }
    reader.at++;
    const high = bracketSigns(reader);
    found.push([low[0]?.[0] ?? 0, high[0]?.[1] ?? LAST_SIGN]);
  }
  reader.at++;
  const signs = folded(reader, normal(found));
  return negated ? complement(signs) : signs;
}

function bracketSigns(reader: Reader): Signs {
  const sign = take(reader);
  if (sign !== "\\") return single(sign);
  if (reader.source[reader.at] !== "b") return escapedSigns(reader);
  reader.at++;
  return [[8, 8]];
}

function take(reader: Reader): string {
  const point = reader.source.codePointAt(reader.at);
  if (point === undefined) throw new PatternError("an end in the middle of something");
  const sign = String.fromCodePoint(point);
  reader.at += sign.length;
  return sign;
}
