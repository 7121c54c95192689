/** How an operation ended, as one sentence, and what to type next: the headline of its comment and the message of the API. */
import { isOver } from "../promotion.ts";
import { obstacles, type Verdict } from "../verdict.ts";
import type { OperationKind, PromotionState } from "../vocabulary.ts";
import { shortId } from "./words.ts";

export interface Names {
  readonly kind: OperationKind;
  readonly source: string;
  readonly target: string;
}

/** The sentence of a good end. `release` is what the target runs afterwards. */
export function doneSentence({ kind, source, target }: Names, release: string | null): string {
  const now = release === null ? "" : ` It runs release \`${shortId(release)}\`.`;
  switch (kind) {
    case "promote":
      return `${source} is promoted: ${target} is healthy.${now}`;
    case "plan":
      return `This is what \`/promote\` would do to ${target}. Nothing has changed.`;
    case "drift":
      return `${target} is compared with its baseline.`;
    case "backup":
      return `A full backup of ${target} is taken, restored and compared.`;
    case "refresh":
      return `${source} is refreshed from ${target}, and the baseline of both is recorded.`;
    case "baseline":
      return `${source} and ${target} are compared.`;
    case "rollback":
      return `${target} is back on the release before, and healthy.${now}`;
    case "stage":
      return "The packages are staged at this commit.";
    case "activate":
      return "The packages are active.";
  }
}

/** What a comparison of both sides ended with. `accepted`: the digits that were typed; null: nobody accepted anything yet. */
export const compared = {
  only: ({ source, target }: Names): string =>
    `${source} and ${target} are compared. Nothing is recorded yet.`,
  recorded: ({ source, target }: Names): string =>
    `The baseline of ${source} and ${target} is recorded, as it was accepted.`,
  other: ({ source, target }: Names, accepted: string): string =>
    `Nothing is recorded: how ${source} and ${target} differ is not what \`${accepted}\` names, or not any more.`,
} as const;

export function blockedSentence({ kind, target }: Names, verdict: Verdict): string {
  const [first] = obstacles(verdict);
  return first?.sentences[0] ?? `The ${kind} of ${target} is blocked.`;
}

/** A host's own words (`error_message`), with what they mean for the environments. */
export function failedSentence({ kind, source, target }: Names, why: string): string {
  const changed = kind === "refresh" ? source : target;
  switch (kind) {
    case "promote":
    case "rollback":
      return `The ${kind === "promote" ? "promotion" : "rollback"} failed before the switch; ${changed} has not changed. ${why}`;
    case "refresh":
      return `The refresh of ${changed} failed. ${why}`;
    case "baseline":
      return `The comparison of ${source} and ${target} failed; nothing is recorded. ${why}`;
    default:
      return `The ${kind === "drift" ? "drift check" : kind} of ${changed} failed; nothing has changed. ${why}`;
  }
}

export const brokenSentence = ({ target }: Names, why: string): string =>
  `${target} was switched, and could neither be confirmed nor be rolled back: it needs a person now. ${why}`;

/** What is typed after a promotion that left the target on its release, not healthy: nothing else is begun there until then. */
export const bringBack = (target: string): string =>
  `Look at ${target}, then comment \`/rollback\`: it brings the release before back, and until then nothing is promoted to ${target}.`;

export const unhealthyRollback = ({ target }: Names, why: string): string =>
  `${target} is back on the release before, but it is not healthy there either. ${why}`;

export const unknownSentence = ({ kind, source, target }: Names, why: string): string =>
  `How the ${kind} of ${kind === "refresh" ? source : target} ended is unknown, so its lock stays. ${why}`;

export const unconfirmedSentence = (names: Names, why: string): string =>
  `${unknownSentence(names, why)} The new release was switched to and never confirmed: ${names.target}'s host goes back by itself.`;

export const cancelledSentence = ({ kind }: Names, reason: string): string =>
  `The ${kind} was stopped before it changed anything: ${reason}`;

export const reasons = {
  headMoved: (sha: string) => `the branch moved to \`${shortId(sha)}\`.`,
  asked: (login: string) => `\`${login}\` asked for it.`,
  closed: () => "the pull request was closed.",
  baseMoved: (base: string) => `the pull request's base is now \`${base}\`.`,
  settingsChanged: () => "`.github/belay.yml`, the policy or Belay itself changed since the command.",
  gone: () => "the pull request is gone.",
} as const;

/** What to type next, in the comment of an operation; null while it runs and where nothing is to be done. */
export function nextStep(names: Names, state: PromotionState, verdict: Verdict | null): string | null {
  if (state === "unknown")
    return "Belay has the host looked at by itself; `/unlock` has it looked at now, `/status` shows what is known.";
  if (!isOver(state)) return null;
  const obstacle = verdict === null ? undefined : obstacles(verdict)[0];
  if (state === "blocked") return obstacle?.remedy ?? null;
  if (state === "succeeded") return afterSuccess(names, obstacle?.remedy ?? null);
  if (state === "rolled_back") return "Correct what the message says, then comment `/promote`.";
  if (state === "cancelled") return `Comment \`/${names.kind}\` to begin again.`;
  return `Correct what the message says, then comment \`/${names.kind}\` again.`;
}

function afterSuccess({ kind, source, target }: Names, remedy: string | null): string | null {
  switch (kind) {
    case "promote":
      return `Merge this pull request when you are content with ${target}. \`/rollback\` takes the promotion back.`;
    case "plan":
      return remedy ?? "Comment `/promote` to do this.";
    case "drift":
    case "backup":
      return remedy ?? "Comment `/promote`.";
    case "baseline":
    case "refresh":
      return `Look at ${source}, then comment \`/promote\`.`;
    case "rollback":
      return `Correct the fault in ${source}, then comment \`/promote\`.`;
    case "stage":
      return "Merge this pull request, then comment `/activate`.";
    case "activate":
      return "`/rollback <package>` goes back to the version before.";
  }
}
