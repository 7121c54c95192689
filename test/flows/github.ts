/** GitHub at the port, with state: what flows read of it. Effects stay in the outbox, where stories look at them. */

import type { Committers, Review } from "../../src/core/approval.ts";
import type { ForeignCheckRun } from "../../src/core/gates/checks.ts";
import type { MergeSettings } from "../../src/core/merge-settings.ts";
import type { Permission } from "../../src/core/policy.ts";
import { GithubError } from "../../src/github/error.ts";
import type { Github, IssueComment, OwnCheck, PolicyAnswer, PullRequest } from "../../src/ports/github.ts";

export interface GithubState {
  readonly files: Map<string, string>;
  readonly pull_requests: Map<number, PullRequest>;
  readonly comments: Map<number, IssueComment>;
  readonly permissions: Map<string, Permission>;
  readonly parents: Map<string, readonly string[]>;
  readonly changed: Map<number, readonly string[]>;
  readonly ended_runs: Set<number>;
  /** Runs that it does not show: not yet, not to this App, or not any more. */
  readonly hidden_runs: Set<number>;
  /** What asking about a repository fails with, by its id. */
  readonly faults: Map<number, GithubError>;
  /** `.github/belay.yml` by commit. */
  readonly proposed: Map<string, string>;
  /** The owner's policy: its text, that there is none, or how GitHub refuses. */
  policy: string | Exclude<PolicyAnswer["kind"], "file"> | GithubError;
  /** Members by team; a team that is absent GitHub does not tell of. */
  readonly teams: Map<string, readonly string[]>;
  readonly reviews: Map<number, Review[]>;
  readonly committers: Map<number, Committers>;
  /** By commit. */
  readonly checks: Map<string, ForeignCheckRun[]>;
  /** Check runs of Belay's own App, by commit. */
  readonly own_checks: Map<string, OwnCheck[]>;
  /** What merges are made under, whatever the branch. */
  merge_settings: MergeSettings;
}

const HARMLESS: MergeSettings = { required: [], strict: false, squash: false, deletes_head: false };

/** An answer that no repetition changes. */
export const forbidden = (message: string): GithubError =>
  new GithubError("GITHUB_FORBIDDEN", message, { retry: false, status: 403 });

export const unavailable = (): GithubError =>
  new GithubError("GITHUB_UNAVAILABLE", "GitHub gave no answer.", { retry: true, status: 503 });

export function emptyGithub(): GithubState {
  return {
    files: new Map(),
    pull_requests: new Map(),
    comments: new Map(),
    permissions: new Map(),
    parents: new Map(),
    changed: new Map(),
    ended_runs: new Set(),
    hidden_runs: new Set(),
    faults: new Map(),
    proposed: new Map(),
    policy: "absent",
    teams: new Map(),
    reviews: new Map(),
    committers: new Map(),
    checks: new Map(),
    own_checks: new Map(),
    merge_settings: HARMLESS,
  };
}

function fault({ faults }: GithubState, { id }: { readonly id: number }): void {
  const error = faults.get(id);
  if (error !== undefined) throw error;
}

/** Reads of the state. Flows apply no effects: whoever calls that here has broken the layering. */
export function githubOf(state: GithubState): Github {
  return {
    pullRequest: async (_repository, number) => state.pull_requests.get(number) ?? null,
    openPullRequests: async (_repository, { head, base }) =>
      [...state.pull_requests.values()].filter(
        (one) => one.state === "open" && one.head_ref === head && one.base_ref === base,
      ),
    allOpenPullRequests: async () => [...state.pull_requests.values()].filter((one) => one.state === "open"),
    isRunOver: async (repository, run_id) => {
      fault(state, repository);
      return state.hidden_runs.has(run_id) ? null : state.ended_runs.has(run_id);
    },
    comment: async (_repository, id) => state.comments.get(id) ?? null,
    permission: async (_repository, login) => state.permissions.get(login) ?? "none",
    defaultBranchFile: async (repository, path) => {
      fault(state, repository);
      const text = state.files.get(path);
      return text === undefined ? null : { path, text, sha: "0".repeat(40) };
    },
    // Nothing can be had at once: stories see each file asked for by itself.
    defaultBranchFiles: async (_repository, wanted) => ({
      files: wanted.map(() => null),
      pull_request: null,
    }),
    fileAt: async (_repository, path, commit) => {
      const text = state.proposed.get(commit);
      return text === undefined ? null : { path, text, sha: "0".repeat(40) };
    },
    policyFile: async (_repository, { path }) => {
      const { policy } = state;
      if (policy === "absent" || policy === "hidden") return { kind: policy };
      if (typeof policy !== "string") throw policy;
      return { kind: "file", file: { path, text: policy, sha: "0".repeat(40) } };
    },
    isTeamMember: async (_repository, team, login) => {
      const members = state.teams.get(team);
      if (members === undefined) throw forbidden(`GitHub did not let Belay ask who is in the team ${team}.`);
      return members.includes(login);
    },
    reviews: async (_repository, number) => [...(state.reviews.get(number) ?? [])],
    committers: async (_repository, number) => state.committers.get(number) ?? { logins: [], unknown: 0 },
    checkRuns: async (_repository, sha, name) =>
      (state.checks.get(sha) ?? []).filter((run) => run.name === name),
    app_id: 1,
    mergeSettings: async () => state.merge_settings,
    ownChecks: async (_repository, sha) => state.own_checks.get(sha) ?? [],
    commitParents: async (_repository, sha) => state.parents.get(sha) ?? [],
    changedFiles: async (_repository, number) => ({ paths: state.changed.get(number) ?? [], complete: true }),
    branchHead: async () => null,
    mergeBase: async () => null,
    tree: async () => [],
    blobs: async () => new Map(),
    applyEffect: async () => {
      throw new Error("Flows write effects; the loop applies them.");
    },
  };
}
