/** Options of `npm run bench -- switch`. */
import { parseArgs } from "node:util";

export type Options = {
  /** Sizes of promotions in tables, ascending. */
  readonly sizes: readonly number[];
  /** Switches of Belay, half of them back. */
  readonly switches: number;
  /** Seconds of visitors without a switch, three times. */
  readonly baselineS: number;
  /** Whole promotions over ssh, of which the median counts. */
  readonly whole: number;
  /** How often each other way goes forth and back. */
  readonly wayRounds: number;
};

export const USAGE = `Usage: npm run bench -- switch [options]
  --switches 100   switches of Belay under visitors, half of them back
  --sizes 5,50,200 tables that a promotion replaces
  --quick          8 switches, and everything else once`;

/** @throws RangeError, TypeError with a sentence for what cannot be understood */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      switches: { type: "string" },
      sizes: { type: "string", default: "5,50,200" },
      quick: { type: "boolean", default: false },
    },
  });
  const switches = Number(values.switches ?? (values.quick ? 8 : 100));
  if (!Number.isInteger(switches) || switches < 8 || switches > 1000)
    throw new RangeError(`--switches has ${values.switches}, which is no whole number between 8 and 1000.`);
  const often = values.quick
    ? { baselineS: 10, whole: 1, wayRounds: 1 }
    : { baselineS: 20, whole: 3, wayRounds: 2 };
  const sizes = values.sizes.split(",").map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size < 2 || size > 900))
    throw new RangeError(`--sizes has ${values.sizes}, which are no whole numbers between 2 and 900.`);
  return { switches, sizes: sizes.sort((one, other) => one - other), ...often };
}
