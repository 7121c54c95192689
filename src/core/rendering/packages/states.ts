/** Where the releases of a pull request stand, and what comes next. */
import type { PackageState, Veto } from "../../packages/states.ts";
import type { PointerChange } from "../../packages/types.ts";
import type { GateOutcome } from "../../verdict.ts";
import { cell, code, inert, person } from "../escape.ts";
import { count } from "../words.ts";

/** One release of the pull request, as the records have it. */
export interface ReleaseView {
  readonly id: string;
  readonly version: string;
  readonly status: PackageState;
  readonly staged_by: string | null;
  readonly veto: Veto | null;
}

export interface StatesFacts {
  readonly releases: readonly ReleaseView[];
  readonly valid: boolean;
  readonly by_hand: readonly PointerChange[];
  readonly pull_request: "open" | "closed" | "merged";
}

/** Where the pull request stands, and what comes next. */
export function statesGate({ releases, valid, by_hand, pull_request }: StatesFacts): GateOutcome {
  const outcome = (
    result: GateOutcome["outcome"],
    code: string,
    said: readonly [string, string | null],
  ): GateOutcome => ({ gate: "release", outcome: result, code, sentences: [said[0]], remedy: said[1] });
  const names = (states: readonly PackageState[]) => {
    const own = releases.filter(({ status }) => states.includes(status));
    return own.length === 0 ? "" : own.map(({ id, version }) => `\`${id}\` ${version}`).join(", ");
  };
  const active = names(["released"]);
  const staged = names(["staged"]);
  if (names(["vetoed"]) !== "")
    return outcome("block", "package_vetoed", [
      `Vetoed: ${names(["vetoed"])}.`,
      "Release another version, or comment `/veto lift <package>@<version>`.",
    ]);
  const superseded = names(["superseded"]);
  const brought = names(["committed", "draft", "staged"]);
  if (pull_request === "closed" && active === "" && superseded === "")
    return outcome("wait", "packages_closed", [
      brought === "" ? "Closed without a merge." : `Closed without a merge: ${brought}.`,
      "Reopen the pull request and comment `/stage` to go on.",
    ]);
  if (by_hand.length > 0) {
    const said = `The pull request moves ${count(by_hand.length, "pointer")} by hand.`;
    return outcome("block", "pointers_by_hand", [
      said,
      "Take the change of the pointer file back; `/activate` moves the pointers after the merge.",
    ]);
  }
  if (!valid)
    return outcome("block", "PACKAGES_INVALID", [
      "The packages are not valid.",
      "Correct what `belay / packages / validation` says, and push.",
    ]);
  if (active !== "") return outcome("pass", "packages_active", [`Released: ${active}.`, null]);
  if (staged !== "")
    return outcome("pass", "packages_staged", [
      `Staged: ${staged}.`,
      pull_request === "merged"
        ? "Comment `/activate`."
        : "Merge this pull request, then comment `/activate`.",
    ]);
  if (superseded !== "")
    return outcome("pass", "packages_superseded", [
      `Superseded: ${superseded}.`,
      "`/activate` makes it active again.",
    ]);
  if (releases.length === 0)
    return outcome("pass", "packages_no_release", ["The pull request brings no release.", null]);
  if (pull_request === "merged")
    return outcome("wait", "packages_committed", [
      `Merged without being staged: ${brought}.`,
      "Bring it, or its next version, with a new pull request, and comment `/stage` there before the merge.",
    ]);
  return outcome("wait", "packages_committed", [`Committed, not staged: ${brought}.`, "Comment `/stage`."]);
}

export function statesTable(releases: readonly ReleaseView[]): string {
  const rows = releases.map(({ id, version, status, staged_by, veto }) => {
    const who = veto === null ? staged_by : veto.by;
    const by = who === null ? "" : ` by ${person(who)}`;
    const why = veto === null || veto.reason === "" ? "" : `: ${inert(veto.reason)}`;
    return `| ${[code(id), code(version), `${status}${by}${why}`].map(cell).join(" | ")} |`;
  });
  return `| package | version | state |\n|---|---|---|\n${rows.join("\n")}`;
}
