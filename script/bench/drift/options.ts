/** Options of `npm run bench -- drift`. */
import { homedir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

export type Options = {
  /** Folder of the data sets. */
  readonly cache: string;
  readonly fresh: boolean;
  /** Multiples of the headline's size, ascending; 1 is always among them. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly workers: number;
};

export const USAGE = `Usage: npm run bench -- drift [options]
  --sizes 0.1,1,3   sizes to measure, as multiples of 500,000 posts, 2,000,000 postmeta and 20,000 files of 3.9 GB
  --rounds 5        runs of each contender at size 1, of which the median counts
  --workers 2       connections and threads of Belay
  --cache DIR       where data sets are kept (default: $XDG_CACHE_HOME/belay-bench, else ~/.cache/belay-bench)
  --fresh           build the data sets anew`;

/** @throws RangeError, TypeError with a sentence for what cannot be understood */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sizes: { type: "string", default: "0.1,1,3" },
      rounds: { type: "string", default: "5" },
      workers: { type: "string", default: "2" },
      cache: { type: "string" },
      fresh: { type: "boolean", default: false },
    },
  });
  const sizes = values.sizes.split(",").map((text) => within("--sizes", text, 0.01, 10));
  return {
    cache: path.resolve(
      values.cache ?? path.join(environment.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "belay-bench"),
    ),
    fresh: values.fresh,
    sizes: [...new Set([...sizes, 1])].sort((one, other) => one - other),
    rounds: Math.floor(within("--rounds", values.rounds, 1, 100)),
    workers: Math.floor(within("--workers", values.workers, 1, 16)),
  };
}

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new RangeError(
    `${name} has ${JSON.stringify(text)}, which is no number between ${least} and ${most}.`,
  );
}
