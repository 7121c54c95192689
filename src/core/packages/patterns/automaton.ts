/** A pattern as a nondeterministic automaton: numbered states, steps that take a sign, steps that take none. */

import type { Signs } from "./signs.ts";
import type { Expression } from "./syntax.ts";

/** A condition on the place, for steps without a sign. */
export type Condition = "start" | "end" | "boundary" | "no-boundary";

interface State {
  readonly steps: { readonly signs: Signs; readonly to: number }[];
  readonly free: { readonly condition: Condition | null; readonly to: number }[];
}

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
  readonly accept: number;
}

export class TooLarge extends Error {}

/** More states than the patterns of people need. */
export const MAX_STATES = 4_000;

/** A look around is taken as passed, which allows more texts, never fewer. @throws TooLarge */
export function automatonOf(expression: Expression): Automaton {
  const states: State[] = [];
  const add = () => {
    if (states.length >= MAX_STATES) throw new TooLarge("too many states");
    return states.push({ steps: [], free: [] }) - 1;
  };
  const free = (from: number, to: number, condition: Condition | null = null) =>
    states[from]?.free.push({ condition, to });
  /** Adds the expression behind `from`; returns the state in which it ends. */
  const build = (one: Expression, from: number): number => {
    switch (one.kind) {
      case "empty":
      case "look":
        return from;
      case "signs": {
        const to = add();
        states[from]?.steps.push({ signs: one.signs, to });
        return to;
      }
      case "sequence":
        return one.parts.reduce((at, part) => build(part, at), from);
      case "choice": {
        const to = add();
        for (const part of one.parts) {
          const begin = add();
          free(from, begin);
          free(build(part, begin), to);
        }
        return to;
      }
      case "repeat":
        return repeat(one, from);
      default: {
        const to = add();
        free(from, to, one.kind);
        return to;
      }
    }
  };
  const repeat = ({ inner, least, most }: Expression & { kind: "repeat" }, from: number): number => {
    let at = from;
    for (let count = 0; count < least; count++) at = build(inner, at);
    if (most === Number.POSITIVE_INFINITY) {
      const loop = add();
      free(at, loop);
      free(build(inner, loop), loop);
      const to = add();
      free(loop, to);
      return to;
    }
    const to = add();
    free(at, to);
    for (let count = least; count < most; count++) {
      at = build(inner, at);
      free(at, to);
    }
    return to;
  };
  const start = add();
  return { start, accept: build(expression, start), states };
}
