/** Contenders take turns, so that a slow moment of the machine falls on all of them alike. */

/** One run of a contender; resolves to the seconds it took. */
export type Contender = () => Promise<number>;

/** Runs every contender once per round, and returns each one's seconds in the order of the rounds. */
export async function takeTurns<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
  onRound: (round: number) => void = () => undefined,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    onRound(round + 1);
    // Every round begins with another contender: none always runs in the wake of the same one.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      if (name !== undefined) seconds[name].push(await contenders[name]());
    }
  }
  return seconds;
}

/** The middle value, or the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError("The median of no values was asked for.");
  return (low + high) / 2;
}

/** Three digits after the point are more than any of these figures is good for. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The medians of what `takeTurns` returned. */
export function medians<Name extends string>(
  seconds: Readonly<Record<Name, readonly number[]>>,
): Record<Name, number> {
  const pairs = Object.entries<readonly number[]>(seconds).map(([name, values]) => [
    name,
    rounded(median(values)),
  ]);
  return Object.fromEntries(pairs) as Record<Name, number>;
}
