/** Settings of the repository that break environment pull requests: looked at with each of them, and for `/status`. */
import { mergeNotices } from "../core/merge-settings.ts";
import { outageOf } from "../core/outage.ts";
import type { Repository } from "../ports/sites.ts";
import type { Deps } from "./deps.ts";

export type NoticeReads = "mergeSettings" | "app_id";

export interface Branches {
  readonly head: string;
  readonly base: string;
  readonly behind: boolean;
}

/** What cannot be read is not said, and holds nothing up. */
export async function noticesFor(
  { github }: Deps<NoticeReads>,
  repository: Repository,
  branches: Branches,
): Promise<readonly string[]> {
  try {
    const settings = await github.mergeSettings(repository, branches.base);
    return mergeNotices(settings, { ...branches, app_id: github.app_id });
  } catch (error) {
    const answered = error instanceof Error && "retry" in error && error.retry === false;
    if (answered || outageOf(error) !== null) return [];
    throw error;
  }
}
