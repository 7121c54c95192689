/** The same numbers for the same seed, so that a run that failed can be run again (mulberry32). */
export type Random = {
  /** A whole number from 0 on, below the limit. */
  readonly below: (limit: number) => number;
  /** @throws RangeError when there is none */
  readonly one: <T>(of: readonly T[]) => T;
  readonly shuffled: <T>(of: readonly T[]) => readonly T[];
};

export function randomFrom(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  return {
    below,
    one: (of) => {
      const found = of[below(of.length)];
      if (found === undefined) throw new RangeError("One of nothing was asked for.");
      return found;
    },
    shuffled: (of) => {
      const left = [...of];
      return Array.from(of, () => {
        const [taken] = left.splice(below(left.length), 1);
        if (taken === undefined) throw new RangeError("unreachable: as many are taken as there are");
        return taken;
      });
    },
  };
}
