/** GitHub at the port, with state: what flows read of it. Effects stay in the outbox, where stories look at them. */
import type { Permission } from "../../src/core/policy.ts";
import type { Github, IssueComment, PullRequest } from "../../src/ports.ts";

export interface GithubState {
  readonly files: Map<string, string>;
  readonly pull_requests: Map<number, PullRequest>;
  readonly comments: Map<number, IssueComment>;
  readonly permissions: Map<string, Permission>;
  readonly parents: Map<string, readonly string[]>;
  readonly changed: Map<number, readonly string[]>;
}

export function emptyGithub(): GithubState {
  return {
    files: new Map(),
    pull_requests: new Map(),
    comments: new Map(),
    permissions: new Map(),
    parents: new Map(),
    changed: new Map(),
  };
}

/** Reads of the state. Flows apply no effects: whoever calls that here has broken the layering. */
export function githubOf(state: GithubState): Github {
  return {
    pullRequest: async (_repository, number) => state.pull_requests.get(number) ?? null,
    openPullRequests: async (_repository, { head, base }) =>
      [...state.pull_requests.values()].filter(
        (one) => one.state === "open" && one.head_ref === head && one.base_ref === base,
      ),
    comment: async (_repository, id) => state.comments.get(id) ?? null,
    permission: async (_repository, login) => state.permissions.get(login) ?? "none",
    defaultBranchFile: async (_repository, path) => {
      const text = state.files.get(path);
      return text === undefined ? null : { path, text, sha: "0".repeat(40) };
    },
    commitParents: async (_repository, sha) => state.parents.get(sha) ?? [],
    changedFiles: async (_repository, number) => ({ paths: state.changed.get(number) ?? [], complete: true }),
    applyEffect: async () => {
      throw new Error("Flows write effects; the loop applies them.");
    },
  };
}
