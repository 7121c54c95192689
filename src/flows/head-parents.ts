/** The bound commit's parents, asked of GitHub only where they decide: the source runs another commit than the head. */
import { FACTS } from "../core/facts.ts";
import type { Report } from "../core/report.ts";
import type { Deps } from "./deps.ts";
import type { Work } from "./work.ts";

/** @param report of the job that built the release, where that is what came in; null: the release is on record */
export async function headParents(
  deps: Deps<"commitParents">,
  { site, operation }: Pick<Work, "site" | "operation">,
  report: Report | null,
): Promise<readonly string[]> {
  const { head_sha, release_id } = operation;
  if (head_sha === "") return [];
  const told = FACTS.release_build.safeParse(report?.facts);
  const manifest = told.success ? told.data.release.manifest : await recorded(deps, release_id);
  const commit = manifest?.commit ?? head_sha;
  if (commit === head_sha) return [];
  return (await deps.github.commitParents(site.repository, head_sha)) ?? [];
}

async function recorded({ store }: Deps<never>, release_id: string | null) {
  if (release_id === null) return null;
  return (await store.transaction((tx) => tx.release(release_id)))?.manifest ?? null;
}
