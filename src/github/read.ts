/** What flows read from GitHub. Reads change nothing, so they are repeated at once when GitHub stumbles. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isBehind } from "../core/merge-settings.ts";
import { botOf, type Permission } from "../core/policy.ts";
import type { Github, IssueComment, PullRequest } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import { approvalReads } from "./approval-reads.ts";
import { ownChecks } from "./checks.ts";
import type { Client } from "./client.ts";
import { defaultBranchFiles } from "./default-files.ts";
import { GithubError, githubError, isMissing } from "./error.ts";
import { gitReads } from "./git-reads.ts";
import { mergeSettingsReads } from "./merge-settings.ts";
import { nameOf } from "./name.ts";
import type { Pauses } from "./pauses.ts";

const WAITS_MS = [300, 1_500];
/** GitHub lists no more files of a pull request than this. */
const MOST_FILES = 3_000;
const MOST_PARENTS = 1_000;
const MOST_PULLS = 1_000;

type Reads = Omit<Github, "applyEffect" | "app_id">;

export function reads({ clients, note }: Pauses, app_id: number): Reads {
  const ask = <T>(repository: Repository, doing: string, request: (client: Client) => Promise<T>) =>
    patiently(doing, async () => request(await clients(repository.installation_id))).catch(
      (error: unknown) => {
        note(repository.installation_id, error);
        throw error;
      },
    );
  const orNull = <T>(repository: Repository, doing: string, request: (client: Client) => Promise<T>) =>
    ask(repository, doing, request).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
  /** A commit's parents never change. */
  const parents = new Map<string, readonly string[]>();
  return {
    ...approvalReads({ ask, orNull, nameOf }, file),
    ...gitReads({ ask, orNull, nameOf }),
    mergeSettings: mergeSettingsReads({ ask, nameOf }, () => performance.now()),
    ownChecks: (repository, sha) =>
      ask(repository, "list its own checks", (client) => ownChecks(client, { repository, sha, app_id })),
    pullRequest: (repository, number) =>
      orNull(repository, `read pull request #${number}`, async ({ rest }) =>
        pullRequest((await rest.pulls.get({ ...nameOf(repository), pull_number: number })).data),
      ),
    openPullRequests: (repository, { head, base }) =>
      ask(repository, "list the open pull requests", async ({ rest, paginate }) => {
        const found = await paginate(rest.pulls.list, {
          ...nameOf(repository),
          state: "open",
          head: `${repository.owner}:${head}`,
          base,
          per_page: 100,
        });
        return found.map(pullRequest);
      }),
    allOpenPullRequests: (repository) =>
      ask(repository, "list the open pull requests", async ({ rest, paginate }) => {
        const found: PullRequest[] = [];
        const request = { ...nameOf(repository), state: "open", per_page: 100 } as const;
        for await (const { data } of paginate.iterator(rest.pulls.list, request)) {
          found.push(...data.map(pullRequest));
          if (found.length >= MOST_PULLS) break;
        }
        return found;
      }),
    isRunOver: async (repository, run_id) => {
      const run = await orNull(repository, `look at run ${run_id}`, ({ rest }) =>
        rest.actions.getWorkflowRun({ ...nameOf(repository), run_id }),
      );
      return run === null ? null : run.data.status === "completed";
    },
    comment: (repository, id) =>
      orNull(repository, "read a comment", async ({ rest }) =>
        comment((await rest.issues.getComment({ ...nameOf(repository), comment_id: id })).data, app_id),
      ),
    permission: async (repository, login) =>
      (await orNull(repository, `read the permission of ${login}`, async ({ rest }) => {
        const answer = await rest.repos.getCollaboratorPermissionLevel({
          ...nameOf(repository),
          username: login,
        });
        return permission(answer.data);
      })) ?? "none",
    defaultBranchFile: (repository, path) =>
      orNull(repository, `read ${path}`, async ({ rest }) => {
        const answer = await rest.repos.getContent({ ...nameOf(repository), path });
        return file(path, answer.data);
      }),
    defaultBranchFiles: (repository, files, pull = null) =>
      ask(repository, "read several files", (client) =>
        defaultBranchFiles(client, { owner: repository.owner, files, pull }),
      ),
    fileAt: (repository, path, ref) =>
      orNull(repository, `read ${path} at ${ref}`, async ({ rest }) => {
        const answer = await rest.repos.getContent({ ...nameOf(repository), path, ref });
        return file(path, answer.data);
      }),
    commitParents: async (repository, sha) => {
      const key = `${repository.id}:${sha}`;
      const known = parents.get(key);
      if (known !== undefined) return known;
      const found = await orNull(repository, `read commit ${sha}`, async ({ rest }) => {
        const answer = await rest.git.getCommit({ ...nameOf(repository), commit_sha: sha });
        return answer.data.parents.map((parent) => parent.sha);
      });
      if (found !== null) parents.set(key, found);
      if (parents.size > MOST_PARENTS) parents.clear();
      return found;
    },
    changedFiles: (repository, number) =>
      ask(repository, `list the files of pull request #${number}`, async ({ rest, paginate }) => {
        const request = { ...nameOf(repository), pull_number: number, per_page: 100 };
        const files = await paginate(rest.pulls.listFiles, request);
        const paths = files.flatMap(({ filename, previous_filename }) =>
          previous_filename === undefined ? [filename] : [filename, previous_filename],
        );
        return { paths, complete: files.length < MOST_FILES };
      }),
  };
}

async function patiently<T>(doing: string, request: () => Promise<T>): Promise<T> {
  for (const wait of [...WAITS_MS, null]) {
    try {
      return await request();
    } catch (cause) {
      const error = githubError(cause, doing);
      // A limit has been waited out already, as long as is reasonable (client.ts).
      if (!error.retry || error.code === "GITHUB_RATE_LIMITED" || wait === null) throw error;
      await sleep(wait);
    }
  }
  throw new Error("unreachable: the last attempt returns or throws");
}

interface GivenPullRequest {
  readonly number: number;
  readonly state: string;
  readonly merged_at: string | null;
  readonly title: string;
  readonly user: { readonly login: string } | null;
  readonly base: { readonly ref: string };
  readonly head: {
    readonly ref: string;
    readonly sha: string;
    readonly repo: { readonly id: number } | null;
  };
  readonly updated_at: string;
  /** Only of a single pull request. */
  readonly mergeable_state?: string;
}

function pullRequest(given: GivenPullRequest): PullRequest {
  const closed = given.merged_at === null ? "closed" : "merged";
  return {
    number: given.number,
    state: given.state === "open" ? "open" : closed,
    title: given.title,
    author: given.user?.login ?? "ghost",
    base_ref: given.base.ref,
    head_ref: given.head.ref,
    head_sha: given.head.sha,
    head_repository_id: given.head.repo?.id ?? null,
    updated_at: given.updated_at,
    ...(isBehind(given.mergeable_state) && { behind: true }),
  };
}

const Comment = z.object({
  id: z.number(),
  issue_url: z.string().regex(/\/issues\/\d+$/),
  body: z.string().default(""),
  user: z.object({ login: z.string(), type: z.enum(["User", "Bot", "Organization", "Mannequin"]) }),
  created_at: z.string(),
  updated_at: z.string(),
  performed_via_github_app: z.object({ id: z.number().nullish(), slug: z.string().nullish() }).nullish(),
  reactions: z.object({ eyes: z.number() }).optional(),
});

/** @param app_id of Belay's own App */
function comment(given: unknown, app_id: number): IssueComment {
  const { issue_url, user, performed_via_github_app: app, reactions, ...rest } = Comment.parse(given);
  const number = Number(issue_url.slice(issue_url.lastIndexOf("/") + 1));
  // An App that writes in a person's name has that person's rights nowhere but where they gave them: it counts as a bot.
  const seen = (reactions?.eyes ?? 0) > 0;
  const own = app?.id === app_id;
  const bot = user.type === "Bot" && !own && app?.slug === botOf(user.login) ? app?.slug : null;
  const by = { author: user.login, author_type: app ? ("Bot" as const) : user.type };
  return { ...rest, number, ...by, ...(bot && { bot }), seen };
}

const PERMISSIONS = z.enum(["admin", "maintain", "write", "triage", "read", "none"]);

/** `role_name` is the finer one, but names custom roles too; `permission` then says what the role amounts to. */
function permission(given: { readonly permission: string; readonly role_name: string }): Permission {
  const role = PERMISSIONS.safeParse(given.role_name);
  return role.success ? role.data : PERMISSIONS.catch("none").parse(given.permission);
}

const File = z.object({
  type: z.literal("file"),
  encoding: z.literal("base64"),
  content: z.string(),
  sha: z.string(),
});

function file(path: string, given: unknown) {
  const found = File.safeParse(given);
  if (!found.success) {
    throw new GithubError(
      "GITHUB_NOT_A_FILE",
      `${path} on the default branch is not a plain file of less than 1 MB.`,
      { retry: false, status: null },
    );
  }
  return { path, text: Buffer.from(found.data.content, "base64").toString("utf8"), sha: found.data.sha };
}
