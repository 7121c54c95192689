/** Check runs as GitHub's JSON. */
import { ACTIONS_APP, type CheckRun, type Repository } from "../github/state.ts";
import { fullName, repositoryOf, type World } from "../github/world.ts";
import { appView, nodeId, userNamed, type View } from "./account.ts";
import { repositoryUrl } from "./repository.ts";

const pullsAt = (world: World, repository: Repository, sha: string): readonly View[] =>
  world.state.pulls
    .filter((one) => one.headRepository === repository.id && one.headSha === sha && one.state === "open")
    .map((pull) => {
      const url = repositoryUrl(world, repository);
      const repo = { id: repository.id, url, name: repository.name };
      return {
        id: pull.id,
        number: pull.number,
        url: `${url}/pulls/${pull.number}`,
        head: { ref: pull.head, sha: pull.headSha, repo },
        base: { ref: pull.base, sha: pull.baseSha, repo },
      };
    });

/** GitHub Actions and whatever other app a test lets speak. */
const foreignApp = (world: World, id: number): View => ({
  id,
  slug: id === ACTIONS_APP ? "github-actions" : `app-${id}`,
  node_id: nodeId("App", id),
  owner: userNamed(world, world.state.apps[0]?.owner ?? ""),
  name: id === ACTIONS_APP ? "GitHub Actions" : `App ${id}`,
  description: "",
  external_url: world.url,
  html_url: `${world.url}/apps/app-${id}`,
  created_at: "2018-07-30T09:30:17Z",
  updated_at: "2018-07-30T09:30:17Z",
  permissions: {},
  events: [],
});

export const checkRunView = (world: World, check: CheckRun): View => {
  const repository = repositoryOf(world, check.repository);
  const url = `${repositoryUrl(world, repository)}/check-runs/${check.id}`;
  const app = world.state.apps.find((one) => one.id === check.app);
  return {
    id: check.id,
    name: check.name,
    node_id: nodeId("CheckRun", check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: `${world.url}/${fullName(repository)}/runs/${check.id}`,
    details_url: check.detailsUrl || `${world.url}/${fullName(repository)}/runs/${check.id}`,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: {
      title: check.output.title,
      summary: check.output.summary,
      text: check.output.text,
      annotations_count: check.output.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: check.id + 500_000 },
    app: app ? appView(world, app) : foreignApp(world, check.app),
    pull_requests: pullsAt(world, repository, check.headSha),
  };
};
