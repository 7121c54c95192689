/** What a drift check found, in sentences: why it blocks, which mode or policy makes it so, and what to type. */
import type { DriftMode, DriftStatus } from "../vocabulary.ts";
import { appendOnlySentences } from "./append-only.ts";
import { noted } from "./listing.ts";
import type { DriftFinding, DriftSettings, Sentence } from "./types.ts";

interface Judged {
  readonly status: DriftStatus;
  readonly mode: DriftMode;
  readonly settings: DriftSettings;
}

export function sentencesOf(findings: readonly DriftFinding[], judged: Judged): Sentence[] {
  const blocking = findings.filter((finding) => finding.blocking);
  return [
    ...(blocking.length > 0 ? drifted(blocking) : []),
    ...appendOnlySentences(blocking),
    ...whyStrict(blocking, judged),
    ...(judged.status === "clean" ? [clean(findings, judged.mode)] : []),
  ];
}

function drifted(blocking: readonly DriftFinding[]): Sentence[] {
  const notes = noted(blocking.map(({ note }) => note));
  return [
    {
      code: "drifted",
      text: `Protected data of the target changed since the baseline: ${notes}.`,
      remedy: "Comment `/refresh` to bring production's data to the source, then try again.",
    },
  ];
}

/** A block that only the strict mode makes names the other one; where the policy forbids that one, it says who can change it. */
function whyStrict(blocking: readonly DriftFinding[], { mode, settings }: Judged): Sentence[] {
  const forbidden = !settings.policy.allow_live_mode;
  if (settings.mode === "live" && forbidden)
    return [
      {
        code: "live_mode_forbidden",
        text: "The site's `drift: live` counts as `strict` here: the platform's policy forbids the mode `live`.",
        remedy:
          "Whoever may change `belay-policy.yml` in the owner's policy repository can allow it (`drift: {allow_live_mode: true}`).",
      },
    ];
  const liveOnly = blocking.length > 0 && blocking.every((finding) => finding.class === "live");
  if (mode === "live" || forbidden || !liveOnly) return [];
  return [
    {
      code: "drifted_live_only",
      text: "All of it is what visitors write (the catalog's live tables and rows); in drift mode `strict` that blocks too.",
      remedy:
        "Write `drift: live` under `promotion` in .github/belay.yml to have such changes reported only.",
    },
  ];
}

function clean(findings: readonly DriftFinding[], mode: DriftMode): Sentence {
  if (findings.length === 0)
    return { code: "clean", text: "Protected data is as it was at the baseline.", remedy: null };
  const notes = noted(findings.map(({ note }) => note));
  const text = `Only what visitors write changed, which drift mode \`${mode}\` reports without blocking: ${notes}.`;
  return { code: "clean_live_changes", text, remedy: null };
}
