/** The branch at one commit: what is active, and what each release holds. */
import { activeIn, releaseDigest } from "../activation.ts";
import { repositoryOf } from "../repository.ts";
import type { TreeView } from "../types.ts";
import { entriesIn } from "./listing.ts";
import type { BranchAnswer, BranchQuestion } from "./types.ts";

export function answerBranch(
  { entries, configuration }: BranchQuestion,
  read: TreeView["read"],
): BranchAnswer {
  const listed = entriesIn(entries);
  const { releases } = repositoryOf(listed, configuration);
  const digests = new Map([...releases].map(([key, release]) => [key, releaseDigest(release)] as const));
  return { kind: "branch", active: activeIn({ entries: listed, read }, configuration), digests };
}
