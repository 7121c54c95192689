/**
 * Sites whose owner's policy was pushed: their open pull requests get the checks that are asked for now. Each site is done with by
 * itself, so that GitHub's limit on requests stops the work where it is, and it goes on from there.
 */
import { outageOf } from "../../core/outage.ts";
import type { SettingsMark, Sweeps } from "../../ports/reconcile.ts";
import type { Deps } from "../deps.ts";
import { type CheckDeps, reconcileChecks } from "./checks.ts";

export type SettingsDeps = CheckDeps &
  Deps<"allOpenPullRequests"> & {
    readonly sweeps: Pick<Sweeps, "settingsMarks" | "unmarkSettings">;
    /** Told of what is no outage. */
    readonly failed: (repository_id: number, error: unknown) => void;
  };

/** What could not be done in so long is left to the daily look at all checks. */
const GIVEN_UP_MS = 24 * 3600 * 1000;

/** @returns how many checks are shown anew @throws GithubError an outage, after the sites of other installations */
export async function reconcileSettings(deps: SettingsDeps): Promise<number> {
  const outages = new Map<number, unknown>();
  let shown = 0;
  for (const mark of await deps.sweeps.settingsMarks()) {
    const site = await deps.store.transaction((tx) => tx.siteOfRepository(mark.repository_id));
    const { installation_id = 0 } = site?.repository ?? {};
    if (outages.has(installation_id)) continue;
    try {
      if (site !== null && !isOld(deps, mark)) {
        const open = await deps.github.allOpenPullRequests(site.repository);
        shown += await reconcileChecks(deps, site.repository, open, "all");
      }
    } catch (error) {
      if (outageOf(error) !== null) {
        outages.set(installation_id, error);
        continue;
      }
      // It is this site's own, and asking again soon would not help: the daily look at all checks comes to it.
      deps.failed(mark.repository_id, error);
    }
    await deps.sweeps.unmarkSettings(mark);
  }
  for (const error of outages.values()) throw error;
  return shown;
}

const isOld = ({ clock }: Pick<Deps, "clock">, { at }: SettingsMark): boolean =>
  Date.parse(clock.now()) - Date.parse(at) > GIVEN_UP_MS;
