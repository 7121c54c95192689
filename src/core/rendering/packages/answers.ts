/** What is answered to a command on packages that starts nothing, and why packages could not be judged. */
import type { Answer } from "../../answer.ts";
import type { Unreadable } from "../../gates/validation.ts";
import type { PackageName } from "../../packages/activation.ts";
import { PACKAGES_FILE } from "../../packages/settings.ts";

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

export const versionUnknown = (name: string, version: string): Answer =>
  answer(
    "package_missing",
    `Nothing was changed: there is no \`${name}\` ${version}, neither in the branch nor in a pull request.`,
    "Name a version that is there: `/status` shows those of this pull request.",
  );

export const beingActivated = (name: string, version: string): Answer =>
  answer(
    "package_activating",
    `Nothing was changed: \`${name}\` ${version} is being activated at this moment.`,
    `When that is done, comment \`/rollback ${name}\`, then the veto again.`,
  );

export const notVetoed = ({
  sentence,
  remedy,
}: {
  readonly sentence: string;
  readonly remedy: string;
}): Answer => answer("package_veto_refused", `Nothing was changed. ${sentence}`, remedy);

export const vetoed = (name: string, version: string): Answer =>
  answer(
    "package_vetoed",
    `\`${name}\` ${version} is vetoed: nobody can activate it or go back to it.`,
    `\`/veto lift ${name}@${version}\` takes the veto back.`,
  );

export const vetoLifted = (name: string, version: string, state: string): Answer =>
  answer("package_veto_lifted", `The veto on \`${name}\` ${version} is lifted: it is ${state} again.`, null);

/** Its id; with its root where the repository has several. */
export const shortName = ({ root, id }: Pick<PackageName, "root" | "id">): string =>
  root === "" ? id : `${root}:${id}`;

/** `document_types:discovery`, with the root where there are several. */
export const fullName = ({ root, kind, id }: PackageName): string =>
  root === "" ? `${kind}:${id}` : `${root}:${kind}:${id}`;
