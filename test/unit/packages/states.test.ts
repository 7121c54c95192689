/** What a pull request's releases are said to be, and what is said to come next. */
import { expect, it } from "vitest";
import type { PackageState } from "../../../src/core/packages/states.ts";
import { statesGate } from "../../../src/core/rendering/packages/states.ts";

const said = (states: readonly PackageState[], merged: boolean): string => {
  const releases = states.map((status, at) => ({
    ...{ id: `p${at}`, version: "1.1.0", status, staged_by: null, veto: null },
  }));
  const { outcome, sentences, remedy } = statesGate({ releases, valid: true, by_hand: [], merged });
  return `${outcome}: ${sentences.join(" ")} ${remedy ?? ""}`.trim();
};

it.each([
  [["committed"], false, "wait: Committed, not staged: `p0` 1.1.0. Comment `/stage`."],
  [
    ["committed"],
    true,
    "wait: Merged without being staged: `p0` 1.1.0. Bring it, or its next version, with a new pull request, and comment `/stage` there before the merge.",
  ],
  [["staged"], false, "pass: Staged: `p0` 1.1.0. Merge this pull request, then comment `/activate`."],
  [["staged", "committed"], true, "pass: Staged: `p0` 1.1.0. Comment `/activate`."],
  [["released"], true, "pass: Released: `p0` 1.1.0."],
  [["superseded"], true, "pass: Superseded: `p0` 1.1.0. `/activate` makes it active again."],
  [[], false, "pass: The pull request brings no release."],
] as const)("%j, merged: %s", (states, merged, sentence) => {
  expect(said(states, merged)).toBe(sentence);
});
