/** Something happens to the site while visitors are there; what they saw, and what became of what the site said it kept. */
import { setTimeout as sleep } from "node:timers/promises";
import { lostComments } from "../../../test/lab/comparison.ts";
import { mariadb } from "../../../test/lab/servers/mariadb.ts";
import { letIn, type Noted } from "./crowd.ts";
import type { World } from "./world.ts";

export type Seen = Noted & { readonly lost_writes: number };
type Watched<T> = { readonly seen: Seen; readonly result: T };

/** Visitors are there before it begins, and see what comes after. */
const BEFORE_MS = 3_000;
const AFTER_MS = 2_000;

export async function watched<T>(world: World, slow: boolean, act: () => Promise<T>): Promise<Watched<T>> {
  const { production: site, posts, visitor: account } = world.lab;
  const visitors = letIn({ url: site.url, posts: [...posts], account, slow });
  try {
    await sleep(BEFORE_MS);
    const result = await act();
    await sleep(AFTER_MS);
    const noted = await visitors.sendHome();
    for (const { kind, what } of noted.complaints.slice(0, 3)) world.say(`  ${kind}: ${what}`);
    return { seen: { ...noted, lost_writes: await lostWrites(world, noted) }, result };
  } catch (error) {
    await visitors.sendHome().catch(() => undefined);
    throw error;
  }
}

/** Of everything that was acknowledged, what the database does not have. */
async function lostWrites({ lab }: World, noted: Noted): Promise<number> {
  const { production: site, database } = lab;
  const ask = async (sql: string) =>
    new Set((await mariadb(database.socket, sql, site.database)).split("\n"));
  const orders = await ask(`SELECT name FROM ${site.prefix}lab_orders`);
  const notes = await ask(
    `SELECT option_value FROM ${site.prefix}options WHERE option_name LIKE 'visitor\\_note\\_%'`,
  );
  const lost = await lostComments(database.socket, site, noted.comments);
  return (
    lost.length +
    noted.orders.filter((name) => !orders.has(name)).length +
    noted.notes.filter((name) => !notes.has(name)).length
  );
}
