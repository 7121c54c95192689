/** Release: is there a frozen release of the source, built from what the pull request shows, that the target can take? */
import { count } from "../rendering/words.ts";
import type { GateOutcome, Reason } from "../verdict.ts";
import type { Plan, Sentence } from "../wordpress/types.ts";

export const help =
  "release: the source's frozen state, built from this commit, without conflicts in the target.";

export const changedBy = ["release_build reported", "drift_check reported", "new head"] as const;

export interface ReleaseFacts {
  readonly source: string;
  readonly target: string;
  readonly head_sha: string;
  readonly head_parents: readonly string[];
  /** Null: not built in this operation yet. */
  readonly release: { readonly digest: string; readonly commit: string | null } | null;
  /** Null until both sides were looked at. */
  readonly plan: Plan | null;
  /** What the target runs, as the host names it (12 hexadecimal digits); null until the target was looked at. */
  readonly active_release: string | null;
}

export interface ReleaseSettings {
  /** False where the site says that the source's code is not a checkout of its branch. */
  readonly built_from_git: boolean;
}

export function evaluate(facts: ReleaseFacts, settings: ReleaseSettings): GateOutcome {
  const { release, plan, source } = facts;
  if (release === null) return waiting("release_pending", `No release of ${source} has been built yet.`);
  const foreign = settings.built_from_git ? wrongCommit(facts, release.commit) : null;
  if (foreign !== null) return foreign;
  const name = `release \`${release.digest.slice(0, 12)}\``;
  if (plan === null)
    return waiting("plan_pending", `The ${name} is built; the target has not been looked at yet.`);
  if (release.digest.slice(0, 12) === facts.active_release) return alreadyActive(facts, name);
  if (plan.blocks.length > 0) return conflicts(facts, plan);
  const { tables, options } = plan.summary;
  return {
    gate: "release",
    outcome: "pass",
    code: "release_ready",
    sentences: [
      `The ${name} of ${source} can go to ${facts.target}: code, ${count(tables.promote, "table")}, ${count(options.promote, "option")}.`,
      ...plan.warnings.map((warning) => warning.text),
    ],
    remedy: null,
  };
}

/** A release cannot be switched to from itself: its code lies in one folder, and the way back would lead nowhere. */
function alreadyActive({ source, target }: ReleaseFacts, name: string): GateOutcome {
  return {
    gate: "release",
    outcome: "block",
    code: "release_already_active",
    sentences: [`${target} runs exactly this ${name} already; there is nothing to promote.`],
    remedy: `Comment \`/promote\` when ${source} has changed.`,
  };
}

function waiting(code: string, sentence: string): GateOutcome {
  return { gate: "release", outcome: "wait", code, sentences: [sentence], remedy: null };
}

/** The commit that the source runs must be the bound head or its parent (a merge commit on top changes nothing). */
function wrongCommit(facts: ReleaseFacts, commit: string | null): GateOutcome | null {
  const { source, head_sha } = facts;
  if (commit !== null && [head_sha, ...facts.head_parents].includes(commit)) return null;
  const runs =
    commit === null ? `${source} does not say which commit it runs` : `${source} runs \`${short(commit)}\``;
  return {
    gate: "release",
    outcome: "block",
    code: commit === null ? "release_without_commit" : "release_other_commit",
    sentences: [
      `${runs}, but this pull request is at \`${short(head_sha)}\`: what would be promoted is not what is shown here.`,
    ],
    remedy:
      commit === null
        ? `Write the commit into \`REVISION\` in ${source}'s code tree when you deploy it, or set \`built_from_git: false\` for ${source} in \`.github/belay.yml\`; then comment \`/promote\`.`
        : `Deploy \`${short(head_sha)}\` to ${source}, then comment \`/promote\`.`,
  };
}

function conflicts(facts: ReleaseFacts, plan: Plan): GateOutcome {
  const [first] = plan.blocks;
  const more = plan.blocks.length - 1;
  return {
    gate: "release",
    outcome: "block",
    code: first?.code.toLowerCase() ?? "plan_blocks",
    sentences: [
      `${facts.target} cannot take this release: ${plan.blocks.length === 1 ? "one thing stands" : `${plan.blocks.length} things stand`} in the way.`,
      ...plan.blocks.map((block) => block.text),
    ],
    remedy:
      (first?.remedy ?? "Resolve what is listed, then comment `/plan`.") +
      (more > 0 ? ` What else is in the way (${more}) stands in the details, with its remedy.` : ""),
    details: plan.blocks.map(reason),
  };
}

function reason(block: Sentence): Reason {
  return { sentence: block.text, because: block.remedy === null ? [] : [{ sentence: block.remedy }] };
}

const short = (sha: string): string => sha.slice(0, 12);
