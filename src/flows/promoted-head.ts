/** Commits whose checks tell of a promotion. A commit may be in several pull requests, and its checks belong to all of them. */
import type { HeadKind } from "../core/rendering/initial-checks.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { lastStandingPromotion } from "./create-operation.ts";

export interface AskedHead {
  readonly source_environment_id: string;
  readonly target_environment_id: string;
  readonly head_sha: string;
}

/** Whether the commit was promoted and the target still runs that: no later promotion or rollback tells something else. */
export async function isPromoted(tx: Tx, asked: AskedHead): Promise<boolean> {
  const newest = await newestPromotion(tx, asked);
  if (newest?.state !== "succeeded" || newest.source_environment_id !== asked.source_environment_id)
    return false;
  return (await lastStandingPromotion(tx, asked.target_environment_id))?.id === newest.id;
}

/**
 * Whether a pull request's new head keeps the checks that its commit has. Its own environment pull request, opened again or
 * anew: where it is promoted. Any other one (a fork's, too): where a promotion of this commit has begun at all.
 */
export async function keepsChecks(
  tx: Tx,
  { repository_id, head_sha, head }: { repository_id: number; head_sha: string; head: HeadKind },
): Promise<boolean> {
  if (head.kind === "not_governed" || head.kind === "no_settings") return false;
  const site = await tx.siteOfRepository(repository_id);
  const rows = site === null ? [] : await tx.environmentsOf(site.id);
  const target_environment_id = idOf(rows, head.target);
  if (target_environment_id === null) return false;
  const asked = { target_environment_id, head_sha };
  if (head.kind !== "environment") return (await newestPromotion(tx, asked)) !== null;
  const source_environment_id = idOf(rows, head.source);
  return source_environment_id !== null && isPromoted(tx, { ...asked, source_environment_id });
}

const idOf = (rows: readonly EnvironmentRow[], name: string): string | null =>
  rows.find((row) => row.name === name)?.id ?? null;

async function newestPromotion(
  tx: Tx,
  { target_environment_id, head_sha }: Omit<AskedHead, "source_environment_id">,
): Promise<OperationRow | null> {
  const done = await tx.operations({ target_environment_id, kinds: ["promote"] }, { limit: 100 });
  return done.find((one) => one.head_sha === head_sha && !wasRefused(one)) ?? null;
}

/** Refused before anything was judged: that left the checks as they were. */
const wasRefused = ({ state, verdict }: OperationRow): boolean => state === "blocked" && verdict === null;
