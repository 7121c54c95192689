/** What a pull request's releases are said to be, and what is said to come next. */
import { expect, it } from "vitest";
import type { PackageState } from "../../../src/core/packages/states.ts";
import { statesGate } from "../../../src/core/rendering/packages/states.ts";

const said = (states: readonly PackageState[], pull_request: "open" | "closed" | "merged"): string => {
  const releases = states.map((status, at) => ({
    ...{ id: `p${at}`, version: "1.1.0", status, staged_by: null, veto: null },
  }));
  const { outcome, sentences, remedy } = statesGate({ releases, valid: true, by_hand: [], pull_request });
  return `${outcome}: ${sentences.join(" ")} ${remedy ?? ""}`.trim();
};

it.each([
  [["committed"], "open", "wait: Committed, not staged: `p0` 1.1.0. Comment `/stage`."],
  [
    ["committed"],
    "merged",
    "wait: Merged without being staged: `p0` 1.1.0. Bring it, or its next version, with a new pull request, and comment `/stage` there before the merge.",
  ],
  [["staged"], "open", "pass: Staged: `p0` 1.1.0. Merge this pull request, then comment `/activate`."],
  [["staged", "committed"], "merged", "pass: Staged: `p0` 1.1.0. Comment `/activate`."],
  [["released"], "merged", "pass: Released: `p0` 1.1.0."],
  [["superseded"], "merged", "pass: Superseded: `p0` 1.1.0. `/activate` makes it active again."],
  [
    ["draft", "draft"],
    "closed",
    "wait: Closed without a merge: `p0` 1.1.0, `p1` 1.1.0. Reopen the pull request and comment `/stage` to go on.",
  ],
  [[], "closed", "wait: Closed without a merge. Reopen the pull request and comment `/stage` to go on."],
  // Active by another pull request's merge: this one's end changes nothing of that.
  [["released", "draft"], "closed", "pass: Released: `p0` 1.1.0."],
  [[], "open", "pass: The pull request brings no release."],
] as const)("%j, %s", (states, pull_request, sentence) => {
  expect(said(states, pull_request)).toBe(sentence);
});
