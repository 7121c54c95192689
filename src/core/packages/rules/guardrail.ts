import { matchesPattern } from "../../glob.ts";
import { openBelow, type PreparedGuardrail, type ReleaseContext, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { MAX_TEXT_BYTES } from "../reading/document.ts";
import type { Finding } from "../types.ts";

const id = "guardrail";
/** More of the same in one file help nobody. */
const MOST_IN_A_FILE = 20;

/** No file holds what the policy forbids; the rule's name is the guardrail's. */
export const guardrail: ReleaseRule = {
  id,
  demands: "No file holds what the policy's guardrails forbid.",
  check: (context) =>
    [...context.release.files.keys()].flatMap((below) => {
      const wanted = context.guardrails.filter(({ guardrail: one }) =>
        one.files.some((pattern) => matchesPattern(pattern, below)),
      );
      return wanted.length === 0 ? [] : search(context, below, wanted);
    }),
};

function search(
  context: ReleaseContext,
  below: string,
  wanted: readonly PreparedGuardrail[],
): readonly Finding[] {
  const file = openBelow(context, below);
  if (file === null || file.text.length > MAX_TEXT_BYTES) return [];
  return wanted.flatMap(({ guardrail: one, searcher }) => {
    const found: Finding[] = [];
    for (const { start } of searcher.inLines(file.text)) {
      if (found.length >= MOST_IN_A_FILE) break;
      found.push(
        findingAt(file, start, { rule: `${id}/${one.id}`, sentence: one.sentence, remedy: one.remedy }),
      );
    }
    return found;
  });
}
