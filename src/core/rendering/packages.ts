/** What people read of configuration packages: answers, the check `belay / release`, the pull request's comment, commit messages. */
import type { Answer } from "../answer.ts";
import type { CheckEffect } from "../effects.ts";
import type { Unreadable } from "../gates/validation.ts";
import type { Move } from "../packages/activation.ts";
import { annotationBatches } from "../packages/rendering/annotations.ts";
import { renderReport, reportTitle } from "../packages/rendering/summary.ts";
import { PACKAGES_FILE } from "../packages/settings.ts";
import type { PackageState } from "../packages/states.ts";
import type { PointerChange, ValidationReport } from "../packages/types.ts";
import type { GateOutcome } from "../verdict.ts";
import type { OperationKind } from "../vocabulary.ts";
import { CHECK_LIMIT, COMMENT_LIMIT, cap, capLine } from "./cap.ts";
import { conclusionOf } from "./check.ts";
import { cell, code, inert, person, plain } from "./escape.ts";
import { reasonList, sentencesOf } from "./gates.ts";
import { count, shortId } from "./words.ts";

const answer = (code: string, sentence: string, remedy: string | null): Answer => ({
  code,
  sentences: [sentence],
  remedy,
});

export const badSettings = (what: string, branch: string): Answer =>
  answer(
    "PACKAGES_CONFIG_INVALID",
    `Nothing was judged: \`${PACKAGES_FILE}\` on \`${branch}\` cannot be used: ${what}.`,
    `Correct it on \`${branch}\`.`,
  );

export const notRead = (what: string): Unreadable => ({
  code: "PACKAGES_NOT_READ",
  sentence: `Nothing was judged: ${what}.`,
  remedy: "Bring less at once, or look at the bot's log; then comment the command again.",
});

export const badGuardrail = (why: string): Unreadable => ({
  code: "PACKAGES_GUARDRAIL_INVALID",
  sentence: why,
  remedy:
    "Correct the guardrail in `belay-policy.yml`, or in `.github/belay-packages.yml` on the default branch.",
});

export const pointersUnreadable = (path: string, why: string): Unreadable => ({
  code: "PACKAGES_POINTERS_UNREADABLE",
  sentence: `\`${path}\` cannot be changed: ${why}`,
  remedy: "Correct the pointer file on the default branch.",
});

export const touchesNone = (): Answer =>
  answer("packages_untouched", "Nothing was started: this pull request touches no package.", null);

export const notMerged = (state: "open" | "closed"): Answer =>
  answer(
    "pull_request_not_merged",
    `Nothing was started: the pull request is ${state}, and \`/activate\` needs a merged one.`,
    state === "open"
      ? "Comment `/stage`, merge this pull request, then comment `/activate`."
      : "Open a new pull request with the packages.",
  );

export const namePackages = (): Answer =>
  answer(
    "packages_unnamed",
    "Nothing was started: `/rollback` does not know which packages to take back.",
    "Name them: `/rollback discovery`, `/rollback discovery 1.4.0`, or several as `discovery@1.4.0 plan@1.0.0`.",
  );

export const packageUnknown = (name: string): Answer =>
  answer(
    "package_unknown",
    `Nothing was started: no pointer file names \`${name}\`.`,
    "Look at the pointer file for the names of active packages.",
  );

export const packageAmbiguous = (name: string, all: readonly string[]): Answer =>
  answer(
    "package_ambiguous",
    `Nothing was started: \`${name}\` may mean ${all.map((one) => `\`${one}\``).join(" or ")}.`,
    "Write it in full, as it stands here.",
  );

export const nothingBefore = (name: string, version: string): Answer =>
  answer(
    "package_nothing_before",
    `Nothing was started: it is not on record what was active before \`${name}\` ${version}.`,
    `Name the version: \`/rollback ${name} <version>\`.`,
  );

export const alreadyThere = (): Answer =>
  answer("packages_active", "Nothing was started: the pointers lead there already.", null);

export const nothingStaged = (): Answer =>
  answer(
    "packages_nothing_staged",
    "Nothing was started: no package of this pull request is staged.",
    "Packages are staged with `/stage` while their pull request is open. Open a new one with them.",
  );

export const rollbackNotApproved = (): Answer =>
  answer(
    "approval_no_plan",
    "Nothing was recorded: nobody has asked for a rollback here yet, so there is nothing to say yes to.",
    "Comment `/rollback <package>`; where it waits for approval, comment `/approve rollback`.",
  );

/** `document_types:discovery`, with the root where there are several. */
export const fullName = ({ root, kind, id }: Pick<Move, "root" | "kind" | "id">): string =>
  root === "" ? `${kind}:${id}` : `${root}:${kind}:${id}`;

// ---- sentences of operations ----

const moved = (moves: readonly Move[]): string =>
  moves.map(({ id, from, to }) => `\`${id}\` ${from ?? "(none)"} → ${to}`).join(", ");

export const stagedSentence = (moves: readonly Move[], head_sha: string): string =>
  `Staged at \`${shortId(head_sha)}\`: ${moves.map(({ id, to }) => `\`${id}\` ${to}`).join(", ")}. A push un-stages.`;

export const activatedSentence = (moves: readonly Move[], commit: string): string =>
  `Active since commit \`${shortId(commit)}\`: ${moved(moves)}.`;

export const stoppedSentence = (why: string): string =>
  `No pointer was moved: the branch had moved on, and judged anew it does not pass. ${why}`;

export const movedTooOften = (rounds: number): string =>
  `No pointer was moved: the branch moved on ${rounds} times while it was tried.`;

export const failedSentence = (why: string): string => `No pointer was moved. ${why}`;

/** What is typed after an operation on packages that went well. */
export function packagesNext(kind: OperationKind): string {
  if (kind === "stage") return "Merge this pull request, then comment `/activate`.";
  if (kind === "activate") return "`/rollback <package>` goes back to the version before.";
  return "The version that was gone back from stays in the repository; release a corrected one.";
}

// ---- the commit ----

export interface Message {
  readonly kind: "activate" | "rollback";
  readonly moves: readonly Move[];
  readonly by: string;
  readonly reason: string;
  readonly pull_request: number;
  readonly nonce: string;
}

/** As the specification writes it: what, who, why, and what was active before. */
export function commitMessage({ kind, moves, by, reason, pull_request, nonce }: Message): string {
  const names = moves.map(({ id, to }) => `${id} ${to}`);
  const what =
    kind === "activate"
      ? `release: Activate ${names.join(", ")}`
      : `rollback: Revert ${moves.map(({ id, to }) => `${id} to ${to}`).join(", ")}`;
  const line = (text: string) => plain(text, 300).replace(/^Belay-Operation:/i, "");
  const previous = moves.map(({ id, from }) => `${id} ${from ?? "none"}`).join(", ");
  return [
    capLine(what, 200),
    "",
    `${kind === "activate" ? "Activated" : "Rolled back"} by: ${line(by)}`,
    `Reason: ${line(reason)}`,
    `Previous: ${previous}`,
    `Pull request: #${pull_request}`,
    "",
    `Belay-Operation: ${nonce}`,
  ].join("\n");
}

export const tagMessage = ({ id, to }: Move, by: string): string =>
  `${id} ${to}\n\nActivated by: ${plain(by, 60)}\n`;

// ---- checks ----

export const VALIDATION_CHECK = "belay:packages:validation";
export const RELEASE_CHECK = "belay:release";

/** One check run for each set of findings: GitHub keeps annotations that were sent once. */
export function validationCheck(
  head_sha: string,
  { report, digest }: { readonly report: ValidationReport; readonly digest: string },
): CheckEffect {
  const annotations = annotationBatches(report.findings).flat();
  return {
    kind: "check",
    head_sha,
    name: "belay / packages / validation",
    external_id: `${VALIDATION_CHECK}:${shortId(digest)}`,
    status: "completed",
    conclusion: report.valid ? "success" : "failure",
    title: reportTitle(report),
    summary: renderReport(report, CHECK_LIMIT),
    ...(annotations.length > 0 && { annotations }),
  };
}

/** For a head that was not judged: it touches no package, or it cannot be read. */
export function plainCheck(
  head_sha: string,
  which: "validation" | "release",
  {
    title,
    conclusion,
    summary,
  }: Pick<CheckEffect, "title" | "summary"> & { readonly conclusion: "success" | "failure" },
): CheckEffect {
  const of = which === "validation";
  return {
    kind: "check",
    head_sha,
    name: of ? "belay / packages / validation" : "belay / release",
    external_id: of ? `${VALIDATION_CHECK}:${conclusion}` : RELEASE_CHECK,
    status: "completed",
    conclusion,
    title,
    summary,
  };
}

export const NO_PACKAGES = {
  title: "No package is touched",
  summary: "This pull request touches no package.",
  conclusion: "success",
} as const;

/** One release of the pull request, as the records have it. */
export interface ReleaseView {
  readonly id: string;
  readonly version: string;
  readonly status: PackageState;
  readonly staged_by: string | null;
}

/** `belay / release`: the states of the pull request's releases. */
export function releaseCheck(
  head_sha: string,
  releases: readonly ReleaseView[],
  gate: GateOutcome,
): CheckEffect {
  const conclusion = conclusionOf(gate);
  const next = gate.remedy === null ? "" : `\n\n**Next:** ${inert(gate.remedy)}`;
  const text = releases.length === 0 ? "" : statesTable(releases);
  return {
    kind: "check",
    head_sha,
    name: "belay / release",
    external_id: RELEASE_CHECK,
    ...(conclusion === null ? { status: "in_progress" } : { status: "completed", conclusion }),
    title: capLine(plain(gate.sentences[0] ?? gate.code, 250).replaceAll("`", ""), 250),
    summary: cap(`${sentencesOf(gate)}${next}\n\n${reasonList(gate.details ?? [])}`.trim(), CHECK_LIMIT),
    ...(text === "" ? {} : { text: cap(text, CHECK_LIMIT) }),
  };
}

export interface StatesFacts {
  readonly releases: readonly ReleaseView[];
  readonly valid: boolean;
  readonly by_hand: readonly PointerChange[];
  readonly merged: boolean;
}

/** Where the pull request stands, and what comes next. */
export function statesGate({ releases, valid, by_hand, merged }: StatesFacts): GateOutcome {
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
      "Take it out of this pull request, or have the veto lifted.",
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
      merged ? "Comment `/activate`." : "Merge this pull request, then comment `/activate`.",
    ]);
  if (releases.length === 0)
    return outcome("pass", "packages_no_release", ["The pull request brings no release.", null]);
  return outcome("wait", "packages_committed", [
    `Committed, not staged: ${names(["committed", "draft", "superseded"])}.`,
    "Comment `/stage`.",
  ]);
}

function statesTable(releases: readonly ReleaseView[]): string {
  const rows = releases.map(({ id, version, status, staged_by }) => {
    const by = staged_by === null ? "" : ` by ${person(staged_by)}`;
    return `| ${[code(id), code(version), `${status}${by}`].map(cell).join(" | ")} |`;
  });
  return `| package | version | state |\n|---|---|---|\n${rows.join("\n")}`;
}

// ---- the pull request's comment ----

export const packagesMarker = "<!-- belay:packages -->";

export interface CommentFacts {
  readonly head_sha: string;
  readonly releases: readonly ReleaseView[];
  readonly gate: GateOutcome;
  readonly report: ValidationReport | null;
  readonly report_id: string | null;
}

export function packagesComment(
  { head_sha, releases, gate, report, report_id }: CommentFacts,
  marker: string,
): string {
  const next = gate.remedy === null ? "" : `Next: ${inert(gate.remedy)}`;
  const stored = report_id === null ? "" : ` · report ${code(report_id)}`;
  const parts = [
    marker,
    `### Packages: ${inert(gate.sentences[0] ?? "")}`,
    next,
    releases.length === 0 ? "" : statesTable(releases),
    report === null ? "" : renderReport(report, COMMENT_LIMIT - 10_000),
    `<sub>commit ${code(shortId(head_sha))}${stored}</sub>`,
  ];
  return cap(parts.filter((part) => part !== "").join("\n\n"), COMMENT_LIMIT);
}

/** `/plan`: everything, changes nothing. */
export function planAnswer(marker: string, report: ValidationReport): string {
  const title = "### Plan for the packages of this pull request. Nothing has changed.";
  return cap([marker, title, renderReport(report, COMMENT_LIMIT - 5_000)].join("\n\n"), COMMENT_LIMIT);
}

/** In an operation's comment. */
export function movesSection(moves: readonly Move[], commit: string | null): string {
  if (moves.length === 0) return "";
  const rows = moves.map(
    ({ id, from, to }) =>
      `| ${[code(id), from === null ? "none" : code(from), code(to)].map(cell).join(" | ")} |`,
  );
  const by = commit === null ? "" : `\n\nCommit: ${code(commit)}`;
  return `| package | from | to |\n|---|---|---|\n${rows.join("\n")}${by}`;
}
