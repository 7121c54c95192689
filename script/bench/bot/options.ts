/** Options of `npm run bench -- bot`. */
import { parseArgs } from "node:util";

export type Options = {
  /** Of which the median counts. */
  readonly rounds: number;
  /** Of the deliveries that are sent otherwise. */
  readonly share: number;
};

export const USAGE = `Usage: npm run bench -- bot [options]
  --rounds 3   rounds of each contender, of which the median counts
  --quick      one round with a tenth of the deliveries: shows that it runs, its figures mean little
What the fields mean stands in docs/benchmarks.md.`;

/** @returns null where only the usage was asked for @throws RangeError, TypeError with a sentence for what cannot be understood */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      rounds: { type: "string", default: "3" },
      quick: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new RangeError(`--rounds has ${values.rounds}, which is no whole number between 1 and 100.`);
  return values.quick ? { rounds: 1, share: 0.1 } : { rounds, share: 1 };
}
