/** The options of a benchmark that only says how often it measures. */
import { parseArgs } from "node:util";

export interface OnlyRounds {
  /** What is typed after `npm run bench --`. */
  readonly name: string;
  readonly fallback: number;
}

const usage = ({ name, fallback }: OnlyRounds): string =>
  `Usage: npm run bench -- ${name} [options]
  --rounds ${fallback}   rounds, of which the median counts
What the fields mean stands in docs/benchmarks.md.`;

/** @returns the rounds; null where only the usage was asked for @throws RangeError, TypeError with a sentence for what cannot be understood */
export function readRounds(args: readonly string[], { fallback }: OnlyRounds): number | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      rounds: { type: "string", default: String(fallback) },
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new RangeError(`--rounds has ${values.rounds}, which is no whole number between 1 and 100.`);
  return rounds;
}

/** The same for a program: where nothing is to be measured it says why, and ends. */
export function roundsOrEnd(asked: OnlyRounds): number {
  try {
    const rounds = readRounds(process.argv.slice(2), asked);
    if (rounds !== null) return rounds;
    console.error(usage(asked));
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(usage(asked));
    process.exit(2);
  }
}
