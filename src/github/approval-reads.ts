/** What approvals and policy are judged by: the policy's file, teams, reviews, who committed, other Apps' checks. */
import { z } from "zod";
import type { Committers, Review } from "../core/approval.ts";
import type { ForeignCheckRun } from "../core/gates/checks.ts";
import type { Github, RepositoryFile } from "../ports/github.ts";
import type { Asking } from "./asking.ts";
import { isMissing } from "./error.ts";

type ApprovalReads = Pick<Github, "policyFile" | "isTeamMember" | "reviews" | "committers" | "checkRuns">;

/** GitHub lists no more commits of a pull request than this. */
const MOST_COMMITS = 250;

/** @param file reads what GitHub answers for a path */
export function approvalReads(
  { ask, orNull, nameOf }: Asking,
  file: (path: string, given: unknown) => RepositoryFile,
): ApprovalReads {
  return {
    policyFile: (repository, { name, path }) =>
      ask(repository, `read ${path} of ${repository.owner}/${name}`, async ({ rest }) => {
        const where = { owner: repository.owner, repo: name };
        try {
          const { data } = await rest.repos.getContent({ ...where, path });
          return { kind: "file", file: file(path, data) };
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
        // GitHub says "not found" of what is not there and of what the App may not see: only the first is absence.
        const { data: seen } = await rest.apps.listReposAccessibleToInstallation({ per_page: 1 });
        // Asked anew each time: a policy that was hidden a moment ago must not count as absent.
        if (seen.repository_selection === "all") return { kind: "absent" };
        try {
          await rest.repos.get(where);
          return { kind: "absent" };
        } catch (error) {
          if (!isMissing(error)) throw error;
          return { kind: "hidden" };
        }
      }),
    isTeamMember: async (repository, team, login) => {
      const found = await orNull(repository, `ask who is in the team ${team}`, ({ rest }) =>
        rest.teams.getMembershipForUserInOrg({ org: repository.owner, team_slug: team, username: login }),
      );
      return found?.data.state === "active";
    },
    reviews: (repository, number) =>
      ask(repository, `list the reviews of pull request #${number}`, async ({ rest, paginate }) => {
        const request = { ...nameOf(repository), pull_number: number, per_page: 100 };
        return (await paginate(rest.pulls.listReviews, request)).flatMap(review);
      }),
    committers: (repository, number) =>
      ask(repository, `list the commits of pull request #${number}`, async ({ rest, paginate }) => {
        const request = { ...nameOf(repository), pull_number: number, per_page: 100 };
        return committersOf(await paginate(rest.pulls.listCommits, request));
      }),
    checkRuns: (repository, sha, name) =>
      ask(repository, `list the checks named ${name}`, async ({ rest, paginate }) => {
        const request = {
          ...nameOf(repository),
          ref: sha,
          check_name: name,
          filter: "latest",
          per_page: 100,
        } as const;
        return (await paginate(rest.checks.listForRef, request)).map(checkRun);
      }),
  };
}

const GivenReview = z.object({
  id: z.number(),
  user: z.object({ login: z.string(), type: z.literal("User") }),
  state: z.enum(["APPROVED", "CHANGES_REQUESTED", "DISMISSED"]),
  commit_id: z.string(),
  submitted_at: z.string(),
});

const STATES = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes_requested",
  DISMISSED: "dismissed",
} as const;

/** Comments, pending reviews, and reviews of bots, Apps and vanished accounts say neither yes nor no. */
function review(given: unknown): readonly Review[] {
  const read = GivenReview.safeParse(given);
  if (!read.success) return [];
  const { id, user, state, commit_id, submitted_at } = read.data;
  return [{ id, by: user.login, state: STATES[state], head_sha: commit_id, at: submitted_at }];
}

const GivenCommit = z.object({
  author: z.object({ login: z.string() }),
  committer: z.object({ login: z.string() }),
  commit: z.object({ message: z.string() }),
});

function committersOf(commits: readonly unknown[]): Committers {
  const read = commits.map((commit) => GivenCommit.safeParse(commit));
  const known = read.flatMap(({ data }) =>
    data === undefined ? [] : [data.author.login, data.committer.login],
  );
  const others = read.flatMap(({ data }) => coAuthorsOf(data?.commit.message ?? ""));
  const cut = commits.length >= MOST_COMMITS ? 1 : 0;
  const strangers = others.filter((login) => login === null).length;
  return {
    logins: [...new Set([...known, ...others.filter((login) => login !== null)])],
    unknown: read.filter(({ success }) => !success).length + strangers + cut,
  };
}

const CO_AUTHOR = /^[ \t]*co-authored-by:[^\n<]*<([^<>\n]*)>/gim;
/** `1234+mona@users.noreply.github.com`, on a GitHub Enterprise Server with its own host. */
const OF_ACCOUNT = /^(?:\d+\+)?([a-z\d][a-z\d-]*(?:\[bot\])?)@users\.noreply\.[a-z\d.-]+$/i;

/** Who else wrote a commit, by its message. Null: GitHub does not say here whose an address is, unless it is one of its own. */
const coAuthorsOf = (message: string): readonly (string | null)[] =>
  [...message.matchAll(CO_AUTHOR)].map(([, address = ""]) => OF_ACCOUNT.exec(address.trim())?.[1] ?? null);

interface GivenCheck {
  readonly name: string;
  readonly app: { readonly slug?: string } | null;
  readonly status: string;
  readonly conclusion: string | null;
}

const checkRun = ({ name, app, status, conclusion }: GivenCheck): ForeignCheckRun => ({
  name,
  app: app?.slug ?? "",
  status,
  conclusion,
});
