/** A pull request that edits `.github/belay.yml` gets a check of its own. What it proposes is only read here, and never acted on. */
import { parseSiteConfig } from "../core/config/parse.ts";
import type { SiteConfig } from "../core/config/types.ts";
import { configurationCheck } from "../core/rendering/configuration.ts";
import type { PullRequestInput } from "./classify-head.ts";
import type { Deps } from "./deps.ts";
import { CONFIG_PATH } from "./site.ts";

export type ProposalDeps = Deps<"changedFiles" | "fileAt" | "defaultBranchFile">;

/** Once for each head. @returns whether the pull request edits the file */
export async function configurationProposed(
  deps: ProposalDeps,
  { repository, pull_request }: PullRequestInput,
): Promise<boolean> {
  const { number, head_sha, state } = pull_request;
  if (state !== "open") return false;
  const { paths } = await deps.github.changedFiles(repository, number);
  if (!paths.includes(CONFIG_PATH)) return false;
  const file = await deps.github.fileAt(repository, CONFIG_PATH, head_sha);
  const proposed = file === null ? null : parseSiteConfig(file.text, deps.catalog);
  const now = await configNow(deps, repository);
  const effect = configurationCheck({ head_sha, path: CONFIG_PATH, now, proposed });
  await deps.store.transaction(async (tx) => {
    const at = deps.clock.now();
    if (!(await tx.claimOnce(`configuration:${repository.id}:${number}:${head_sha}`, at))) return;
    await tx.addEffect({ id: deps.clock.id(), operation_id: null, repository, effect, not_before: at });
  });
  return true;
}

async function configNow(
  deps: ProposalDeps,
  repository: PullRequestInput["repository"],
): Promise<SiteConfig | null> {
  const file = await deps.github.defaultBranchFile(repository, CONFIG_PATH);
  const parsed = file === null ? null : parseSiteConfig(file.text, deps.catalog);
  return parsed?.ok ? parsed.config : null;
}
