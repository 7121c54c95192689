/** What a pull request's head would do to the packages, once it is merged into the branch as it is now. */
import { digestIn, keyOfPackage, type Move, movedByHand } from "../activation.ts";
import { mergedTree, touchesPackages } from "../merged.ts";
import type { TreeView, ValidationReport } from "../types.ts";
import { validate } from "../validate.ts";
import { entriesIn } from "./listing.ts";
import type { BroughtRelease, HeadAnswer, HeadFound, HeadQuestion } from "./types.ts";

/** @throws GuardrailError */
export function answerHead(question: HeadQuestion, read: TreeView["read"]): HeadAnswer {
  const { configuration, guardrails, released, base, start, head } = question;
  const { entries, changes } = mergedTree({
    base: entriesIn(base),
    start: entriesIn(start),
    head: entriesIn(head),
  });
  if (!touchesPackages(changes, configuration)) return { kind: "head", found: null };
  const input = { head: { entries, read }, base: { changes, read }, configuration };
  const report = validate({ ...input, guardrails, scope: "changed", released });
  const by_hand = movedByHand(input);
  const digestOf = digestIn(entries, configuration);
  const moves = movesOf({ report, by_hand }, digestOf);
  return { kind: "head", found: { report, by_hand, moves, releases: broughtBy(report, digestOf) } };
}

type DigestOf = ReturnType<typeof digestIn>;

function broughtBy(report: ValidationReport, digestOf: DigestOf): readonly BroughtRelease[] {
  return report.packages.flatMap(({ root, kind, id, version, change }) => {
    const digest = digestOf({ root, kind, id }, version);
    return change === "removed" || digest === null ? [] : [{ root, kind, id, version, digest }];
  });
}

function movesOf(
  { report, by_hand }: Pick<HeadFound, "report" | "by_hand">,
  digestOf: DigestOf,
): readonly Move[] {
  const hands = new Set(by_hand.map(keyOfPackage));
  return report.pointers.flatMap(({ root, kind, id, from, to }) => {
    const name = { root, kind, id };
    const digest = to === null || hands.has(keyOfPackage(name)) ? null : digestOf(name, to);
    return to === null || digest === null
      ? []
      : [{ ...name, from, from_digest: from === null ? null : digestOf(name, from), to, digest }];
  });
}
