/** Options of `npm run faults -- bot`. */
import { parseArgs } from "node:util";

export const STORES = ["postgres", "pglite"] as const;
export type StoreName = (typeof STORES)[number];

export type Options = {
  readonly size: {
    readonly pull_requests: number;
    readonly deliveries: number;
    readonly seed: number;
    readonly per_second: number;
  };
  readonly kills: number;
  readonly settle_s: number;
  readonly stores: readonly StoreName[];
};

export const USAGE = `Usage: npm run faults -- bot [options]
  --pull-requests 1000     pull requests, twenty of each owner
  --deliveries 20000       signed webhooks, one in five twice
  --kills 20               how often the bot gets SIGKILL
  --store postgres,pglite  one of them, or both
  --per-second 150         webhooks in a second
  --settle-s 1200          how long healing may take after the last webhook
  --seed 1                 the same seed makes the same story
  --quick                  40 pull requests, 800 webhooks, 3 kills
What the fields mean stands in docs/faults.md.`;

/** @returns null where only the usage was asked for @throws RangeError, TypeError with a sentence for what cannot be understood */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      "pull-requests": { type: "string" },
      deliveries: { type: "string" },
      kills: { type: "string" },
      store: { type: "string", default: STORES.join(",") },
      "per-second": { type: "string", default: "150" },
      "settle-s": { type: "string", default: "1200" },
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const usual = values.quick
    ? { pull_requests: "40", deliveries: "800", kills: "3" }
    : { pull_requests: "1000", deliveries: "20000", kills: "20" };
  return {
    size: {
      pull_requests: whole("--pull-requests", values["pull-requests"] ?? usual.pull_requests, 1),
      deliveries: whole("--deliveries", values.deliveries ?? usual.deliveries, 1),
      seed: whole("--seed", values.seed, 0),
      per_second: whole("--per-second", values["per-second"], 1),
    },
    kills: whole("--kills", values.kills ?? usual.kills, 0),
    settle_s: whole("--settle-s", values["settle-s"], 1),
    stores: values.store.split(",").map(storeOf),
  };
}

function storeOf(text: string): StoreName {
  const store = STORES.find((known) => known === text);
  if (store !== undefined) return store;
  throw new RangeError(`--store has ${JSON.stringify(text)}, which is neither ${STORES.join(" nor ")}.`);
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least) return value;
  throw new RangeError(`${name} has ${JSON.stringify(text)}, which is no whole number from ${least}.`);
}
