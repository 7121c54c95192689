/** What was set aside (webhooks whose work failed again and again, writes that GitHub refused): shown to administrators, and put back by them. */
import { setAsideAnswers as answers } from "../core/rendering/set-aside.ts";
import type { Queue, SetAsideRow } from "../ports/queue.ts";
import type { SiteRow } from "../ports/sites.ts";
import { refuse } from "./api-scene.ts";
import type { Deps, Refused } from "./deps.ts";

export interface SetAsideDeps extends Pick<Deps<never>, "store" | "clock"> {
  readonly queue: Pick<Queue, "setAside" | "tryAgain">;
}

const EVER = "1970-01-01T00:00:00.000Z";

/** Of one site's repository, oldest first. */
export async function setAsideOf({ queue }: SetAsideDeps, site: SiteRow): Promise<readonly SetAsideRow[]> {
  const rows = await queue.setAside(EVER);
  return rows.filter((row) => row.repository_id === site.repository.id);
}

/** Null: nothing of this id is set aside, or it belongs to no site. */
export async function findSetAside(
  { queue, store }: SetAsideDeps,
  id: string,
): Promise<{ readonly row: SetAsideRow; readonly site: SiteRow } | null> {
  const row = (await queue.setAside(EVER)).find((one) => one.id === id);
  const repository_id = row?.repository_id ?? null;
  if (row === undefined || repository_id === null) return null;
  const site = await store.transaction((tx) => tx.siteOfRepository(repository_id));
  return site === null ? null : { row, site };
}

export interface PutBack {
  readonly row: SetAsideRow;
  readonly site: SiteRow;
  /** Login of the person whose token was checked. */
  readonly actor: string;
}

/** On record first: whoever reads the log afterwards finds who asked, also where the bot died right then. What came to nothing is told after it. */
export async function putBack(
  { store, queue, clock }: SetAsideDeps,
  { row, site, actor }: PutBack,
): Promise<Refused | null> {
  const record = (action: string, reason: string) =>
    store.transaction((tx) =>
      tx.addAudit({
        actor: `github:${actor}`,
        action,
        subject: `${row.queue === "deliveries" ? "delivery" : "effect"}:${row.id}`,
        site_id: site.id,
        reason,
        details: { last_error: row.last_error },
        at: clock.now(),
      }),
    );
  await record("set_aside.put_back", answers.putBack(row.what));
  if ((await queue.tryAgain([row.id], clock.now())) > 0) return null;
  await record("set_aside.not_put_back", answers.notPutBack(row.what));
  return refuse(409, answers.overtaken());
}
