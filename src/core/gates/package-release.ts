/** Release, for packages: is what would be active staged (or was it active before), unchanged since, and not vetoed? */
import type { PackageState, Veto } from "../packages/states.ts";
import type { GateOutcome, Reason } from "../verdict.ts";

export const help = "release: every package that would be activated is staged at this commit and unchanged.";

export const changedBy = ["new head", "/stage", "/activate", "/rollback"] as const;

export interface PackageReleaseFacts {
  /** `activate` asks for staged releases, `rollback` for such as were active before. */
  readonly kind: "stage" | "activate" | "rollback";
  readonly releases: readonly ReleaseFact[];
  /** Pointers that the pull request moves by hand, in words. */
  readonly by_hand: readonly string[];
}

export interface ReleaseFact {
  readonly id: string;
  readonly version: string;
  /** Null: nothing is on record. */
  readonly state: PackageState | null;
  readonly veto: Veto | null;
  /** What is in the branch is what was staged, by digest; null: it is not in the branch. */
  readonly same: boolean | null;
  /** Staged at the pull request's head. */
  readonly at_head: boolean;
  /** It comes before what is active, so it was released once, whatever the records know. */
  readonly earlier: boolean;
  readonly preview: boolean;
}

export function evaluate({ kind, releases, by_hand }: PackageReleaseFacts): GateOutcome {
  if (by_hand.length > 0) {
    const sentence = `The pull request moves pointers by hand (${by_hand.join(", ")}): they would be active by the merge, before anybody activates them.`;
    const remedy =
      "Take the change of the pointer file back; `/activate` moves the pointers after the merge.";
    return { ...block("pointers_by_hand", [sentence]), remedy };
  }
  if (releases.length === 0) {
    const remedy = kind === "stage" ? "Add a release that is no pre-release." : "Comment `/stage` first.";
    return { ...block("packages_nothing", [`There is no package to ${kind}.`]), remedy };
  }
  const wrong = releases.flatMap((one) => objection(kind, one) ?? []);
  const details: readonly Reason[] = releases.map(({ id, version, state }) => ({
    sentence: `\`${id}\` ${version}: ${state ?? "not on record"}`,
  }));
  const [first] = wrong;
  if (first !== undefined) {
    return {
      ...block(
        first.code,
        wrong.map(({ sentence }) => sentence),
      ),
      remedy: first.remedy,
      details,
    };
  }
  const names = releases.map(({ id, version }) => `\`${id}\` ${version}`).join(", ");
  const sentence = kind === "stage" ? `To be staged: ${names}.` : `${names}: unchanged since it was judged.`;
  return {
    gate: "release",
    outcome: "pass",
    code: "packages_ready",
    sentences: [sentence],
    remedy: null,
    details,
  };
}

interface Objection {
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
}

function objection(kind: PackageReleaseFacts["kind"], release: ReleaseFact): Objection | null {
  const { id, version, state, veto, same, preview } = release;
  const what = `\`${id}\` ${version}`;
  if (state === "vetoed") {
    const remedy = `Choose another version; \`/veto lift ${id}@${version}\` takes the veto back.`;
    const by = veto === null ? "" : ` by ${veto.by}`;
    const why = veto === null || veto.reason === "" ? "" : `: ${veto.reason}`;
    return { code: "package_vetoed", sentence: `${what} is vetoed${by}${why}.`, remedy };
  }
  if (preview) {
    const sentence = `${what} is a pre-release; those are never activated.`;
    return {
      code: "package_preview",
      sentence,
      remedy: "Release the version without the suffix, and name that.",
    };
  }
  if (same === null) {
    const sentence = `${what} is not in the branch.`;
    return { code: "package_missing", sentence, remedy: "Name a version that is there." };
  }
  if (!same) {
    const sentence = `${what} in the branch is not what was staged under that version.`;
    return {
      code: "package_changed",
      sentence,
      remedy: "Bring it into the branch as it was staged, or release a new version.",
    };
  }
  return kind === "rollback" ? neverActive(release, what) : notStaged(kind, release, what);
}

function neverActive({ state, earlier }: ReleaseFact, what: string): Objection | null {
  if (state === "superseded" || state === "released" || (state === null && earlier)) return null;
  const sentence = `${what} has never been active, so nobody can go back to it.`;
  return {
    code: "package_never_active",
    sentence,
    remedy: "Name a version that was active, or `/stage` and `/activate` this one.",
  };
}

function notStaged(kind: "stage" | "activate", release: ReleaseFact, what: string): Objection | null {
  const { state, at_head } = release;
  // What was active once was staged then, and may be activated again.
  const before = state === "released" || state === "superseded";
  if (kind === "stage" || (state === "staged" && at_head) || before) return null;
  const sentence =
    state === "staged"
      ? `${what} was staged at another commit than the one that was merged.`
      : `${what} is ${state ?? "not staged"}.`;
  return {
    code: "package_not_staged",
    sentence,
    remedy: "Stage it with `/stage` on an open pull request, then merge and `/activate`.",
  };
}

const block = (code: string, sentences: readonly string[]) =>
  ({ gate: "release", outcome: "block", code, sentences }) as const;
