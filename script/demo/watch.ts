/** Watches one promotion: visitors meanwhile, and the independent comparison before and after. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Difference,
  difference,
  lostComments,
  observe,
  sessionRows,
  unexpected,
} from "../../test/lab/comparison.ts";
import type { Laboratory } from "../../test/lab/laboratory.ts";
import { letVisitorsIn, type VisitorSummary } from "../../test/lab/visitors.ts";

export type Watched<T> = {
  readonly result: T;
  readonly visitors: VisitorSummary;
  /** Acknowledged comments that are not in the database afterwards. */
  readonly lost: number;
  /** What changed in protected data and was written neither by visitors nor by the demo. */
  readonly strange: readonly Difference[];
};

/** Requests that the visitors make before and after the work, so that both versions are seen. */
const AROUND = 40;

export async function watch<T>(lab: Laboratory, work: () => Promise<T>): Promise<Watched<T>> {
  const { socket } = lab.database;
  const before = await observe(socket, lab.production);
  const visitors = letVisitorsIn({ site: lab.production, account: lab.visitor, posts: lab.posts });
  while (visitors.answered() < AROUND) await sleep(20);
  const result = await work().catch(async (error) => {
    await visitors.stop();
    throw error;
  });
  const answered = visitors.answered();
  while (visitors.answered() < answered + AROUND) await sleep(20);
  const summary = await visitors.stop();
  const changes = difference(before, await observe(socket, lab.production));
  const expected = {
    comments: summary.comments,
    posts: [],
    sessionRows: await sessionRows(socket, lab.production),
  };
  return {
    result,
    visitors: summary,
    lost: (await lostComments(socket, lab.production, summary.comments)).length,
    strange: unexpected(changes, expected),
  };
}
