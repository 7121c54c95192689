/**
 * Whether a backtracking engine could need exponential time for a pattern: it does exactly where some text leads from a state back to itself on
 * two different ways (then each repetition doubles the ways). That is looked for in pairs of states.
 */
import { type Automaton, automatonOf, TooLarge } from "./automaton.ts";
import type { Signs } from "./signs.ts";
import { type Expression, PatternError, parsePattern } from "./syntax.ts";

export type Judgement =
  | { readonly kind: "fine" }
  /** The time may double with every sign. */
  | { readonly kind: "exponential" }
  /** Not judged: `why` completes "it has". */
  | { readonly kind: "unjudged"; readonly why: string };

const FINE: Judgement = { kind: "fine" };
/** Pairs are counted in squares: beyond this a judgement would itself take long. */
const MAX_CORE = 64;

const known = new Map<string, Judgement>();

/** The same pattern stands in many schemas: judgements are kept. */
export function judgePattern(source: string): Judgement {
  const before = known.get(source);
  if (before !== undefined) return before;
  if (known.size > 5_000) known.clear();
  const judgement =
    source.length > 2_000 ? { kind: "unjudged" as const, why: "more than 2000 signs" } : judge(source);
  known.set(source, judgement);
  return judgement;
}

function judge(source: string): Judgement {
  try {
    const expression = parsePattern(source);
    return [expression, ...looks(expression)].map(judgeOne).find(({ kind }) => kind !== "fine") ?? FINE;
  } catch (error) {
    if (error instanceof PatternError) return { kind: "unjudged", why: error.message };
    if (error instanceof TooLarge) return { kind: "unjudged", why: error.message };
    throw error;
  }
}

/** What looks ahead or behind is matched on its own, and judged on its own. */
function looks(one: Expression): readonly Expression[] {
  if (one.kind === "look") return [one.inner, ...looks(one.inner)];
  if (one.kind === "repeat") return looks(one.inner);
  return one.kind === "sequence" || one.kind === "choice" ? one.parts.flatMap(looks) : [];
}

function judgeOne(expression: Expression): Judgement {
  if (!nestedRepetition(expression, false)) return FINE;
  const core = coreOf(automatonOf(shortened(expression)));
  if (core === null) return { kind: "exponential" };
  if (core.length > MAX_CORE) return { kind: "unjudged", why: "too many repetitions" };
  return hasTwoWays(core) ? { kind: "exponential" } : FINE;
}

/** Only a repetition inside a repetition, or a choice inside one, can double the ways. */
function nestedRepetition(one: Expression, inside: boolean): boolean {
  if (one.kind === "repeat") {
    const many = one.most > 1;
    return (inside && one.most > one.least) || nestedRepetition(one.inner, inside || many);
  }
  if (one.kind === "choice" && inside) return true;
  return one.kind === "sequence" || one.kind === "choice"
    ? one.parts.some((part) => nestedRepetition(part, inside))
    : false;
}

/** `a{2,100}` has the ways of `a{2,}`, or fewer: counted repetitions that leave room become open ones. */
function shortened(one: Expression): Expression {
  if (one.kind === "sequence" || one.kind === "choice") return { ...one, parts: one.parts.map(shortened) };
  if (one.kind !== "repeat") return one;
  const inner = shortened(one.inner);
  const least = Math.min(one.least, 3);
  if (one.most - one.least > 10) return { ...one, inner, least, most: Number.POSITIVE_INFINITY };
  return { ...one, inner, least, most: least + Math.min(one.most - one.least, 10) };
}

/** From each state that a sign leads to, the steps that go on from there: `ways` of them, free steps followed. */
interface CoreState {
  readonly steps: readonly { readonly signs: Signs; readonly to: number }[];
}

/** The automaton without free steps. Null: a loop of free steps, which alone has endless ways, or two free ways between the same states in a loop. */
function coreOf(automaton: Automaton): readonly CoreState[] | null {
  const targets = [automaton.start, ...automaton.states.flatMap(({ steps }) => steps.map(({ to }) => to))];
  const numbers = new Map([...new Set(targets)].map((state, index) => [state, index]));
  const core: CoreState[] = [];
  for (const state of numbers.keys()) {
    const steps: { signs: Signs; to: number }[] = [];
    for (const reached of freeWays(automaton, state)) {
      for (const { signs, to } of automaton.states[reached]?.steps ?? [])
        steps.push({ signs, to: numbers.get(to) ?? 0 });
    }
    core.push({ steps });
  }
  return core;
}

/** The states that free steps reach, once for each way, at most twice: two are enough to be ambiguous. */
function freeWays(automaton: Automaton, from: number): readonly number[] {
  const visits = new Map<number, number>();
  const found: number[] = [];
  const waiting = [from];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    const count = (visits.get(state) ?? 0) + 1;
    if (count > 2) continue;
    visits.set(state, count);
    found.push(state);
    for (const { to } of automaton.states[state]?.free ?? []) if (to !== from) waiting.push(to);
  }
  return found;
}

/** Whether some state is reached again, from itself, by one text on two ways. */
function hasTwoWays(core: readonly CoreState[]): boolean {
  for (let state = 0; state < core.length; state++) if (doubles(core, state)) return true;
  return false;
}

/** Walks pairs of states by common signs; `parted` says whether the two ways have differed. */
function doubles(core: readonly CoreState[], state: number): boolean {
  const size = core.length;
  const seen = new Uint8Array(size * size * 2);
  const waiting: (readonly [number, number, number])[] = [[state, state, 0]];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const [left, right, parted] = one;
    for (const [a, first] of (core[left]?.steps ?? []).entries()) {
      for (const [b, second] of (core[right]?.steps ?? []).entries()) {
        if (!meet(first.signs, second.signs)) continue;
        const differ = parted === 1 || left !== right || a !== b ? 1 : 0;
        if (first.to === state && second.to === state && differ === 1) return true;
        const key = (first.to * size + second.to) * 2 + differ;
        if (seen[key] === 1) continue;
        seen[key] = 1;
        waiting.push([first.to, second.to, differ]);
      }
    }
  }
  return false;
}

function meet(a: Signs, b: Signs): boolean {
  let i = 0;
  let j = 0;
  for (;;) {
    const one = a[i];
    const other = b[j];
    if (one === undefined || other === undefined) return false;
    if (one[0] <= other[1] && other[0] <= one[1]) return true;
    if (one[1] < other[1]) i++;
    else j++;
  }
}
