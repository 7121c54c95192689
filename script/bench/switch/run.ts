/** The benchmark from its first visitor to its last. */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../frame/rounds.ts";
import { goBack, series, wholePromotion } from "./belay.ts";
import { longestGap, switchFigures, tenth, visitorsSaw, worstWaits } from "./figures.ts";
import { type Seen, watched } from "./measure.ts";
import type { Options } from "./options.ts";
import { changeSource, type Size } from "./site.ts";
import { type Change, importing, keep, leaveHold, renaming, staged } from "./ways.ts";
import type { Release, World } from "./world.ts";

/** Of all switches, how many are made at each size, and with slow requests in flight. */
const SHARES: Readonly<Record<Size | "slow", number>> = { 5: 0.3, 50: 0.2, 200: 0.2, slow: 0.3 };
const OTHER_SHARE = 0.2;
const SETTLE_MS = 2_000;

export async function measureAll(world: World, options: Options) {
  const quiet = await baseline(world, options, false);
  const quietSlow = await baseline(world, options, true);
  const promote_total_s = await wholePromotions(world, options);
  const by_tables: Record<string, Awaited<ReturnType<typeof ofSize>>> = {};
  for (const release of world.releases)
    by_tables[release.size] = await ofSize(world, release, rounds(options, release.size));
  const small = smallest(world);
  world.say("the same with requests of 1 to 2 s in flight");
  const slow = await switched(world, small, { rounds: rounds(options, "slow"), slow: true });
  const again = await baseline(world, options, false);
  await leaveHold(world);
  return {
    ...{ promote_total_s, by_tables, slow },
    baseline_gap_ms: Math.max(longestGap(quiet), longestGap(again)),
    baseline_gap_slow_ms: longestGap(quietSlow),
    baseline_saw: [quiet, quietSlow, again].map(visitorsSaw),
    mariadb_dump_rsync: await tried(way(world, options, importing, "mariadb-dump | mariadb, rsync")),
    drop_and_rename: await tried(way(world, options, renaming, "drop and rename, table by table")),
  };
}

/** What breaks one of the other ways must not take Belay's figures with it. */
const tried = <T>(figures: Promise<T>) =>
  figures.catch((error: unknown) => ({ gave_up: error instanceof Error ? error.message : String(error) }));

const ofSize = (world: World, release: Release, count: number) => {
  world.say(`Belay, ${release.size} tables: ${2 * count} switches`);
  return switched(world, release, { rounds: count, slow: false });
};

const rounds = ({ switches }: Options, share: Size | "slow") =>
  Math.max(1, Math.round((switches * (SHARES[share] ?? OTHER_SHARE)) / 2));

const smallest = ({ releases: [first] }: World): Release => {
  if (first === undefined) throw new Error("There is no release to promote.");
  return first;
};

async function baseline(world: World, { baselineS }: Options, slow: boolean): Promise<Seen> {
  world.say(`visitors${slow ? ", slow requests among them," : ""} without a switch, ${baselineS} s`);
  return (await watched(world, slow, () => sleep(baselineS * 1_000))).seen;
}

/** Nobody visits: what counts is how long the action takes. */
async function wholePromotions(world: World, { whole }: Options): Promise<number> {
  world.say(`${whole} promotions as the action runs them, over ssh`);
  const seconds: number[] = [];
  for (let turn = 0; turn < whole; turn++) seconds.push(await wholePromotion(world, smallest(world)));
  return tenth(median(seconds));
}

type Turns = { readonly rounds: number; readonly slow: boolean };

async function switched(world: World, release: Release, { rounds, slow }: Turns) {
  const { seen, result } = await watched(world, slow, () => series(world, release, rounds));
  const { switches, gaveUp } = result;
  if (gaveUp !== null) {
    world.say(`  given up: ${gaveUp}`);
    await goBack(world, release);
  }
  return {
    ...visitorsSaw(seen),
    longest_gap_ms: longestGap(seen),
    longest_wait_ms: longestWaits(seen),
    ...switchFigures(switches),
    gave_up: gaveUp,
    worst: worstWaits(seen, switches),
  };
}

const longestWaits = ({ kinds }: Seen) =>
  Object.fromEntries(Object.entries(kinds).map(([kind, { longest_ms }]) => [kind, longest_ms]));

/** Forth and back, for each size, and what visitors saw of both. */
async function way(world: World, { sizes, wayRounds }: Options, change: Change, name: string) {
  const found: Record<string, unknown> = {};
  for (const size of sizes) {
    world.say(`${name}, ${size} tables`);
    await changeSource(world.lab, size, String(size));
    const before = await keep(world, size);
    const { seen, result } = await watched(world, false, async () => {
      const forth: number[] = [];
      const back: number[] = [];
      for (let turn = 0; turn < wayRounds; turn++) {
        forth.push((await change(world, await staged(world), size)).switch_ms);
        await sleep(SETTLE_MS);
        back.push((await change(world, before, size)).switch_ms);
        await sleep(SETTLE_MS);
      }
      return { forth, back };
    });
    found[size] = {
      ...visitorsSaw(seen),
      longest_gap_ms: longestGap(seen),
      ...{ hold_ms: null, switch_ms: tenth(median(result.forth)), rollback_ms: tenth(median(result.back)) },
      switches: 2 * wayRounds,
    };
  }
  return found;
}
