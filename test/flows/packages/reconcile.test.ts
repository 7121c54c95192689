/** What a look at the open pull requests makes good, where a head went on record and nobody came to judge what it brings. */
import { beforeEach, expect, it } from "vitest";
import { packagesChanged } from "../../../src/flows/packages/pull-request.ts";
import type { Scope } from "../../../src/flows/reconcile/checks.ts";
import { reconcilePulls } from "../../../src/flows/reconcile/pulls.ts";
import { GithubError } from "../../../src/github/error.ts";
import type { Github, PullRequest } from "../../../src/ports/github.ts";
import { forbidden } from "../github.ts";
import { openWorld, PULL_REQUEST, REPOSITORY, type World } from "../world.ts";

const PACKAGES = ".github/belay-packages.yml";
const CHECKS = ["belay / packages / validation", "belay / release"];

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.github.files.set(PACKAGES, "version: 1\n");
});

/** Open at GitHub, on the branch of packages. */
function opened(number: number): PullRequest {
  const head_sha = String(number).repeat(40);
  const pull = { ...PULL_REQUEST, number, base_ref: "main", head_ref: `change-${number}`, head_sha };
  world.github.pull_requests.set(number, pull);
  return pull;
}

/** Its webhook came, and was worked on to its end. */
async function told(number: number): Promise<PullRequest> {
  const pull_request = opened(number);
  await world.pullRequest(pull_request);
  await packagesChanged(world.deps, { repository: REPOSITORY, pull_request });
  return pull_request;
}

const sweep = (github: Partial<Github> = {}, scope: Scope = "urgent") =>
  reconcilePulls({ ...world.deps, github: { ...world.deps.github, ...github } }, REPOSITORY, scope);

const shown = async ({ head_sha }: PullRequest) =>
  (await world.effects("check"))
    .filter((one) => one.head_sha === head_sha && CHECKS.includes(one.name))
    .map(({ name }) => name);

const LIMITED = new GithubError("GITHUB_RATE_LIMITED", "Wait.", { retry: true, status: 429 });
const failing = (error: Error) => async () => {
  throw error;
};

/** Reads of GitHub that only packages need. */
async function reads(scope: Scope): Promise<readonly string[]> {
  const asked: string[] = [];
  const { defaultBranchFile, branchHead } = world.deps.github;
  await sweep(
    {
      branchHead: (repository, branch) => {
        asked.push(branch);
        return branchHead(repository, branch);
      },
      defaultBranchFile: (repository, path) => {
        if (path === PACKAGES) asked.push(path);
        return defaultBranchFile(repository, path);
      },
    },
    scope,
  );
  return asked;
}

it("a pull request whose judging was broken off gets its checks by the next look, and then costs nothing", async () => {
  await told(7);
  const pull = opened(8);
  await expect(sweep({ branchHead: failing(LIMITED) })).rejects.toThrow("Wait.");
  expect(await shown(pull)).toEqual([]);
  await sweep();
  expect((await shown(pull)).toSorted()).toEqual(CHECKS);
  expect(await reads("urgent")).toEqual([]);
  expect(await reads("all")).toEqual([]);
});

it("one that cannot be judged keeps no other from its checks", async () => {
  await told(7);
  const [first, second] = [opened(8), opened(9)];
  for (const pull of [first, second]) await world.pullRequest(pull);
  let asked = 0;
  const branchHead = async () => {
    asked += 1;
    if (asked === 1) throw forbidden("It may not.");
    return null;
  };
  await expect(sweep({ branchHead })).rejects.toThrow("It may not.");
  expect(await shown(second)).toEqual([]);
  expect((await shown(first)).toSorted()).toEqual(CHECKS);
});

it("a repository is asked for packages that nobody knows of once a day, whatever the number of its pull requests", async () => {
  world.github.files.delete(PACKAGES);
  for (const number of [7, 8]) await world.pullRequest(opened(number));
  expect(await reads("urgent")).toEqual([]);
  expect(await reads("all")).toEqual([PACKAGES]);
  world.github.files.set(PACKAGES, "version: 1\n");
  await sweep({}, "all");
  expect((await shown(opened(8))).toSorted()).toEqual(CHECKS);
});

it("a pull request that no webhook told of gets the check of the configuration that it proposes", async () => {
  const pull = opened(8);
  world.github.changed.set(8, [".github/belay.yml"]);
  world.github.proposed.set(pull.head_sha, "version: 9");
  await sweep();
  const names = (await world.effects("check")).map(({ name }) => name);
  expect(names.filter((name) => name === "belay / configuration")).toHaveLength(1);
});
