/**
 * Searches lines for a pattern in time that grows with the text alone, whatever pattern and text are: the automaton's states are
 * followed all at once, and sets of states that were seen before are known (a deterministic automaton, built as far as it is needed).
 */
import { type Automaton, automatonOf, type Condition } from "./automaton.ts";
import type { Signs } from "./signs.ts";
import { type Expression, PatternError, parsePattern } from "./syntax.ts";

export interface Match {
  readonly start: number;
  readonly end: number;
}
export interface Searcher {
  /** The first match in each line that has one, as offsets of the text. `^` and `$` are a line's ends. */
  readonly inLines: (text: string) => Generator<Match>;
}

type Before = "start" | "word" | "other";
/** A set of states, before free steps, with what stood before. */
interface Known {
  readonly states: readonly number[];
  readonly before: Before;
  /** By code unit below 128: number of the next set, ACCEPTED, or 0 for not yet known. */
  readonly next: Int32Array;
}

const ACCEPTED = -1;
const MAX_KNOWN = 2_000;
/** A sign that is not ASCII costs as many steps as there are states. */
const MAX_STATES = 600;

/** @throws PatternError where the pattern holds what such a search cannot do: looks around and references back */
export function searcherOf(source: string, ignoreCase: boolean): Searcher {
  const expression = parsePattern(source, ignoreCase);
  if (looksAround(expression)) throw new PatternError("a look ahead or behind");
  const automaton = automatonOf(expression);
  if (automaton.states.length > MAX_STATES) throw new PatternError("too many repetitions");
  const machine = machineOf(automaton);
  return {
    *inLines(text) {
      for (let from = 0; from <= text.length; ) {
        const stop = text.indexOf("\n", from);
        let to = stop < 0 ? text.length : stop;
        const next = to + 1;
        if (text.charCodeAt(to - 1) === 13) to--;
        const end = machine.endOfMatch(text, from, to);
        if (end >= 0) yield { start: machine.startOfMatch(text, from, end), end };
        from = next;
      }
    },
  };
}

function looksAround(one: Expression): boolean {
  if (one.kind === "look") return true;
  if (one.kind === "repeat") return looksAround(one.inner);
  return one.kind === "sequence" || one.kind === "choice" ? one.parts.some(looksAround) : false;
}

const isWord = (unit: number): boolean =>
  (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95;

/** Whether a condition holds between what stood before and the next unit (NaN: the line's end). */
function holds(condition: Condition, before: Before, unit: number): boolean {
  if (condition === "start") return before === "start";
  if (condition === "end") return Number.isNaN(unit);
  const boundary = (before === "word") !== isWord(unit);
  return condition === "boundary" ? boundary : !boundary;
}

function machineOf(automaton: Automaton) {
  const closed = (states: readonly number[], before: Before, unit: number): ReadonlySet<number> => {
    const seen = new Set(states);
    const waiting = [...states];
    for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
      for (const { condition, to } of automaton.states[state]?.free ?? []) {
        if (seen.has(to) || (condition !== null && !holds(condition, before, unit))) continue;
        seen.add(to);
        waiting.push(to);
      }
    }
    return seen;
  };
  let known: Known[] = [];
  let numbers = new Map<string, number>();
  const numberOf = (states: readonly number[], before: Before): number => {
    const key = `${before} ${states.join(",")}`;
    const found = numbers.get(key);
    if (found !== undefined) return found;
    if (known.length >= MAX_KNOWN) {
      known = [];
      numbers = new Map();
    }
    known.push({ states, before, next: new Int32Array(128) });
    numbers.set(key, known.length);
    return known.length;
  };
  const step = (one: Known, unit: number): number => {
    const here = closed(one.states, one.before, unit);
    if (here.has(automaton.accept)) return ACCEPTED;
    if (Number.isNaN(unit)) return 0;
    const reached = new Set([automaton.start]);
    for (const state of here)
      for (const { signs, to } of automaton.states[state]?.steps ?? [])
        if (within(signs, unit)) reached.add(to);
    return numberOf(
      [...reached].sort((a, b) => a - b),
      isWord(unit) ? "word" : "other",
    );
  };
  return {
    /** Where the first match ends; -1 where there is none. */
    endOfMatch(text: string, from: number, to: number): number {
      let at = numberOf([automaton.start], "start");
      for (let offset = from; offset < to; offset++) {
        const unit = text.charCodeAt(offset);
        const one = known[at - 1];
        if (one === undefined) return -1;
        let next = unit < 128 ? (one.next[unit] ?? 0) : 0;
        if (next === 0) {
          next = step(one, unit);
          if (unit < 128) one.next[unit] = next;
        }
        if (next === ACCEPTED) return offset;
        at = next;
      }
      const last = known[at - 1];
      return last !== undefined && step(last, Number.NaN) === ACCEPTED ? to : -1;
    },
    /** The latest place from which a match ends at `end`. */
    startOfMatch(text: string, from: number, end: number): number {
      for (let start = end; start > from; start--) if (matchesFrom(text, { from, start, end })) return start;
      return from;
    },
  };

  function matchesFrom(
    text: string,
    { from, start, end }: { from: number; start: number; end: number },
  ): boolean {
    if (end - start > 1_000) return true;
    let states: readonly number[] = [automaton.start];
    for (let offset = start; offset <= end; offset++) {
      const unit = offset < text.length && text[offset] !== "\n" ? text.charCodeAt(offset) : Number.NaN;
      const previous = offset === from ? Number.NaN : text.charCodeAt(offset - 1);
      const before = Number.isNaN(previous) ? "start" : isWord(previous) ? "word" : "other";
      const here = closed(states, before, unit);
      if (offset === end) return here.has(automaton.accept);
      const reached = new Set<number>();
      for (const state of here)
        for (const { signs, to } of automaton.states[state]?.steps ?? [])
          if (within(signs, unit)) reached.add(to);
      states = [...reached];
      if (states.length === 0) return false;
    }
    return false;
  }
}

function within(signs: Signs, unit: number): boolean {
  for (const [low, high] of signs) {
    if (unit < low) return false;
    if (unit <= high) return true;
  }
  return false;
}
