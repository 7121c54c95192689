/**
 * The life of a package's release. `draft`: changes on a branch; `committed`: pushed; `staged`: validated, bound to one commit; `released`:
 * the pointer leads to it; `superseded`: it led to it once; `vetoed`: nobody may activate it. Superseded releases can be activated again.
 */
export const PACKAGE_STATES = ["draft", "committed", "staged", "released", "superseded", "vetoed"] as const;
export type PackageState = (typeof PACKAGE_STATES)[number];

export type PackageEvent =
  | "committed"
  /** Validated without an error, at one commit. */
  | "staged"
  /** A new commit: what was staged is staged no more. */
  | "pushed"
  | "activated"
  /** Another release of the package was activated. */
  | "superseded"
  | "vetoed"
  | "veto_lifted";

type Transitions = Readonly<Partial<Record<PackageEvent, PackageState>>>;

const TABLE: Readonly<Record<PackageState, Transitions>> = {
  draft: { committed: "committed", vetoed: "vetoed" },
  committed: { pushed: "committed", staged: "staged", vetoed: "vetoed" },
  staged: { pushed: "committed", staged: "staged", activated: "released", vetoed: "vetoed" },
  released: { activated: "released", superseded: "superseded" },
  superseded: { activated: "released", vetoed: "vetoed" },
  vetoed: {},
};

export type PackageStep =
  | { readonly ok: true; readonly state: PackageState }
  | { readonly ok: false; readonly sentence: string; readonly remedy: string };

/** What may be vetoed, and what a lifted veto leads back to. */
export type BeforeVeto = Exclude<PackageState, "released" | "vetoed">;

export interface Veto {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** What the release would be without the veto: a push un-stages here, too. */
  readonly before: BeforeVeto;
}

/** What a release in `state` becomes by `event`; `before` is what it was before its veto. A refusal changes nothing. */
export function advancePackage(
  state: PackageState,
  event: PackageEvent,
  before: BeforeVeto = "committed",
): PackageStep {
  if (state === "vetoed" && event === "veto_lifted") return { ok: true, state: before };
  const next = TABLE[state][event];
  if (next !== undefined) return { ok: true, state: next };
  return { ok: false, ...refusal(state, event) };
}

const STATUS = "Look at its state with `/status`.";
const LIFT = "`/veto lift <package>@<version>` takes a veto back.";

function refusal(
  state: PackageState,
  event: PackageEvent,
): { readonly sentence: string; readonly remedy: string } {
  if (event === "activated" && state === "vetoed") {
    return {
      sentence: "The release is vetoed; it cannot be activated.",
      remedy: `Activate another version. ${LIFT}`,
    };
  }
  if (event === "activated") {
    return {
      sentence: `The release is ${state}; only a staged one can be activated.`,
      remedy: "Comment `/stage` first.",
    };
  }
  if (event === "vetoed" && state === "released") {
    return {
      sentence: "The release is active; a veto would not take it out of use.",
      remedy: "Comment `/rollback` first.",
    };
  }
  if (event === "vetoed") return { sentence: "The release is vetoed already.", remedy: LIFT };
  if (event === "veto_lifted") {
    return { sentence: `The release is ${state}: there is no veto to lift.`, remedy: STATUS };
  }
  return {
    sentence: `A release that is ${state} cannot be ${event.replaceAll("_", " ")}.`,
    remedy: STATUS,
  };
}
