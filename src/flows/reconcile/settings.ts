/**
 * Sites whose owner's policy was pushed: their open pull requests get the checks that are asked for now. Each site is done with by
 * itself, so that GitHub's limit on requests stops the work where it is, and it goes on from there.
 */
import type { SettingsMark, Sweeps } from "../../ports/reconcile.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Deps } from "../deps.ts";
import { type CheckDeps, reconcileChecks } from "./checks.ts";
import { type Failed, oneByOne } from "./one-by-one.ts";

export type SettingsDeps = CheckDeps &
  Deps<"allOpenPullRequests"> & {
    readonly sweeps: Pick<Sweeps, "settingsMarks" | "unmarkSettings">;
    /** Told of what is no outage. */
    readonly failed: Failed;
  };

/** What could not be done in so long is left to the daily look at all checks. */
const GIVEN_UP_MS = 24 * 3600 * 1000;

/** @returns how many checks are shown anew @throws GithubError an outage, after the sites of other installations */
export async function reconcileSettings(deps: SettingsDeps): Promise<number> {
  let shown = 0;
  const show = async ({ repository, mark }: Marked) => {
    const open = await deps.github.allOpenPullRequests(repository);
    shown += await reconcileChecks(deps, repository, open, "all");
    await deps.sweeps.unmarkSettings(mark);
  };
  const outages = await oneByOne(await marked(deps), show, async ({ mark }, error) => {
    // Asking again soon would not help: the daily look at all checks comes to it.
    deps.failed(mark.repository_id, error);
    await deps.sweeps.unmarkSettings(mark);
  });
  for (const { error } of outages) throw error;
  return shown;
}

interface Marked {
  readonly repository: Repository;
  readonly mark: SettingsMark;
}

/** Those that there is something to do for; the others are done with. */
async function marked(deps: SettingsDeps): Promise<readonly Marked[]> {
  const found: Marked[] = [];
  for (const mark of await deps.sweeps.settingsMarks()) {
    const site = await deps.store.transaction((tx) => tx.siteOfRepository(mark.repository_id));
    if (site === null || isOld(deps, mark)) await deps.sweeps.unmarkSettings(mark);
    else found.push({ repository: site.repository, mark });
  }
  return found;
}

const isOld = ({ clock }: Pick<Deps, "clock">, { at }: SettingsMark): boolean =>
  Date.parse(clock.now()) - Date.parse(at) > GIVEN_UP_MS;
