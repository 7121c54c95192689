/** What in the code tree blocks: production's files are kept by stopping, listed with who changed them. */
import { code, plain } from "../rendering/escape.ts";
import { movedOn } from "./code.ts";
import type { CodeChange, CodeChanges, PlanInput, Sentence } from "./types.ts";

export function codeBlocks(input: PlanInput, changes: CodeChanges): Sentence[] {
  const { now, baseline } = input;
  if (now.target.code_edits.length > 0) return editBlocks(input, changes);
  const same = now.source.code.digest === now.target.code.digest;
  if (!movedOn(input) || same || baseline.target.code.digest === now.target.code.digest) return [];
  const lost = changes.files.filter(({ action }) => action === "keep" || action === "conflict");
  if (lost.length === 0 && changes.complete) return [];
  const files =
    lost.length === 0
      ? "; which ones is not known, because there are too many for a list"
      : `: ${listedFiles(lost, changes.counts.keep + changes.counts.conflict)}`;
  return [
    {
      code: "code_conflict",
      text: `Production runs another release (${code(now.target.active_release)}) than the source knows of (${code(baseline.target.active_release)}), and promoting would undo files of it${files}.`,
      remedy: `${BY_HAND} Where both sides changed a file, merge it there. Then comment \`/refresh\`, which records what both sides are, and \`/plan\`.`,
    },
  ];
}

const BY_HAND =
  "Bring these files to the source's code by hand: to its branch, then deploy it to the source (`/refresh` brings data, not code).";

/** A file that the release holds as production has it now is no loss: the host looks at the same files again before the switch. */
function editBlocks({ now }: PlanInput, { files, counts }: CodeChanges): Sentence[] {
  const kept = files.filter(({ action }) => action === "keep");
  const both = files.filter(({ action }) => action === "conflict");
  const release = code(now.target.active_release);
  return [
    ...(kept.length === 0
      ? []
      : [
          {
            code: "code_edited",
            text: `Production's code was changed there since its release ${release}, by hand or by an automatic update: ${listedFiles(kept, counts.keep)}. That is kept: nothing is promoted over it.`,
            remedy: `To keep it for good, bring the same files to the source's code by hand: to its branch, then deploy it to the source (\`/refresh\` brings data, not code). To drop it, put the files of release ${release} back on production. Then comment \`/plan\`.`,
          },
        ]),
    ...(both.length === 0
      ? []
      : [
          {
            code: "code_conflict",
            text: `Source and production both changed files of the code since the baseline: ${listedFiles(both, counts.conflict)}. Neither side wins by itself.`,
            remedy: `Merge these files in the source's code by hand and deploy it to the source. Then put the files of release ${release} back on production, or make them what the source holds, and comment \`/plan\`.`,
          },
        ]),
  ];
}

const MAX_LISTED = 20;
const LONGEST_PATH = 120;

export function listedFiles(files: readonly CodeChange[], all: number): string {
  const shown = files
    .slice(0, MAX_LISTED)
    .map((one) => `${code(plain(one.path, LONGEST_PATH))} (${whoChanged(one)})`);
  const more = all - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const WORDS = { "+": "added", "~": "changed", "-": "removed" } as const;

/** `changed in production only`, `added in production, changed in the source`. */
export function whoChanged({ action, source, target }: CodeChange): string {
  if (target === null)
    return source === null ? "differs since the baseline" : `${WORDS[source]} in the source`;
  if (action === "same") return `${WORDS[target]} in production, the source holds the same`;
  if (action === "keep") return `${WORDS[target]} in production only`;
  const there = source === null ? "perhaps changed" : WORDS[source];
  return `${WORDS[target]} in production, ${there} in the source`;
}
