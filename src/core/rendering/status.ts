/** What `/status` answers: why is it stuck, who can unblock it, and when. */
import { showDuration } from "../duration.ts";
import type { Verdict } from "../verdict.ts";
import type { DriftStatus, EnvironmentStatus, OperationKind, PromotionState } from "../vocabulary.ts";
import { COMMENT_LIMIT, cap } from "./cap.ts";
import { cell, code, inert, person } from "./escape.ts";
import { gatesTable, reasonList } from "./gates.ts";
import { details, STATE_WORDS } from "./words.ts";

export interface StatusView {
  readonly marker: string;
  readonly source: string;
  readonly target: string;
  readonly environments: readonly {
    readonly name: string;
    readonly status: EnvironmentStatus;
    readonly drift_status: DriftStatus;
    readonly drift_checked_at: string | null;
    readonly release: string | null;
  }[];
  /** What holds one of the two environments, if anything. */
  readonly holder: (OperationWords & Holding) | null;
  /** Who keeps the target for themselves, if anybody. */
  readonly locked: { readonly by: string; readonly reason: string; readonly since: string } | null;
  /** Promotions that wait for one of the two, in their order. */
  readonly queue: readonly {
    readonly by: string;
    readonly since: string;
    readonly pull_request: number | null;
  }[];
  /** The promotion, or the rollback, that decided what the target runs; null: there was none. */
  readonly last_promotion: (OperationWords & { readonly release: string | null }) | null;
  /** Newest first. */
  readonly recent: readonly (OperationWords & { readonly message: string | null })[];
  /** Every gate of the policy, for a promotion that would begin now. */
  readonly verdict: Verdict;
  /** When a plan or promotion last judged this commit; null: never. */
  readonly judged_at: string | null;
  readonly backup_age_s: number | null;
  /** Settings of the repository that break environment pull requests. */
  readonly notices: readonly string[];
  /** False for people without write permission: no row keys, no values. */
  readonly details: boolean;
}

interface Holding {
  readonly since: string;
  /** When its runner was last heard of. */
  readonly heard: string;
  readonly age_s: number;
  /** What Belay, or a person, does about it: of one whose end is unknown, or that waits for its next attempt. */
  readonly message: string | null;
}

interface OperationWords {
  readonly kind: OperationKind;
  readonly state: PromotionState;
  readonly by: string;
  readonly at: string;
}

export function renderStatus(view: StatusView): string {
  const reasons = view.verdict.gates.flatMap((gate) => gate.details ?? []);
  const parts = [
    view.marker,
    `### Status of ${inert(view.source)} to ${inert(view.target)}`,
    holderLine(view),
    lockedLine(view),
    queueList(view),
    environmentsTable(view),
    `The gates of a promotion now${judgedAt(view)}:\n\n${gatesTable(view.verdict)}`,
    lastPromotion(view),
    lastCheck(view),
    view.backup_age_s === null ? "" : `The newest proven backup is ${showDuration(view.backup_age_s)} old.`,
    view.details && reasons.length > 0 ? details("details", reasonList(reasons)) : "",
    recentList(view),
    view.notices.length === 0
      ? ""
      : `Settings on GitHub to look at:\n${view.notices.map((one) => `- ${inert(one)}`).join("\n")}`,
  ];
  return cap(parts.filter((part) => part !== "").join("\n\n"), COMMENT_LIMIT);
}

function holderLine({ holder }: StatusView): string {
  if (holder === null) return "Nothing is running.";
  const who = `\`/${holder.kind}\` by ${person(holder.by)}, ${STATE_WORDS[holder.state]} since ${inert(holder.since)}`;
  const age = `${showDuration(holder.age_s)} ago`;
  const heard = `Held since ${age}; its runner was last heard of at ${inert(holder.heard)}.`;
  const message = holder.message === null ? "" : ` ${inert(holder.message)}`;
  if (holder.state === "waiting") return `Held: ${who}.${message}`;
  if (holder.state !== "unknown")
    return `Running: ${who}. ${heard} The environments are free when it is done.`;
  return `Stuck: ${who}. ${heard}${message} \`/unlock\` has the host looked at now.`;
}

function lockedLine({ locked, target, details: full }: StatusView): string {
  if (locked === null) return "";
  const why = locked.reason === "" || !full ? "" : `: ${inert(locked.reason)}`;
  return `${inert(target)} is locked by ${person(locked.by)} since ${inert(locked.since)}${why}. \`/unlock\` frees it.`;
}

function queueList({ queue }: StatusView): string {
  if (queue.length === 0) return "";
  const lines = queue.map(({ by, since, pull_request }, at) => {
    const where = pull_request === null ? "" : ` (pull request ${pull_request})`;
    return `${at + 1}. \`/promote\` by ${person(by)}${where}, since ${inert(since)}`;
  });
  return `Waiting for their turn:\n${lines.join("\n")}`;
}

const judgedAt = ({ judged_at }: StatusView): string =>
  judged_at === null ? "" : ` (the release as it was judged at ${inert(judged_at)})`;

function lastPromotion({ last_promotion: last, target }: StatusView): string {
  if (last === null) return `Nothing was promoted to ${inert(target)} yet.`;
  const release = last.release === null ? "" : `, release ${code(last.release)}`;
  return `Last promotion: \`/${last.kind}\` by ${person(last.by)} at ${inert(last.at)}: ${STATE_WORDS[last.state]}${release}.`;
}

function lastCheck({ environments, target }: StatusView): string {
  const row = environments.find(({ name }) => name === target);
  const checked = row?.drift_checked_at ?? null;
  if (row === undefined || checked === null) return `${inert(target)} was never compared with a baseline.`;
  return `Last drift check of ${inert(target)}: ${row.drift_status}, at ${inert(checked)}.`;
}

function environmentsTable(view: StatusView): string {
  const rows = view.environments.map((environment) => {
    const checked =
      environment.drift_checked_at === null ? "never checked" : inert(environment.drift_checked_at);
    const release = environment.release === null ? "not by Belay" : code(environment.release);
    return `| ${cell(code(environment.name))} | ${environment.status} | ${environment.drift_status} (${checked}) | ${cell(release)} |`;
  });
  return ["| environment | status | drift | release |", "|---|---|---|---|", ...rows].join("\n");
}

function recentList(view: StatusView): string {
  if (view.recent.length === 0) return "";
  const lines = view.recent.map((one) => {
    const message = one.message === null || !view.details ? "" : ` ${inert(one.message)}`;
    return `- ${inert(one.at)} \`/${one.kind}\` by ${person(one.by)}: ${STATE_WORDS[one.state]}.${message}`;
  });
  return `Lately:\n${lines.join("\n")}`;
}
