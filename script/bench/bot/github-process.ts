/** The double of GitHub as a process of its own, as GitHub is one: started with `fork`, asked by messages. */
import { type Double, startDouble } from "../../../test/double/double.ts";
import { sign } from "../../../test/double/webhooks.ts";
import { answerParent } from "../frame/child.ts";
import { type FirstCheck, type Happened, Question, type Started } from "./github.ts";

const CONFIG = `version: 1
site: shop
path: [staging, production]
environments:
  staging:
    {type: staging, branch: staging, url: "https://staging.acme.example", host: web, root: /srv/staging,
     database: {name: acme_staging, prefix: xyz_}, cloned_from: production}
  production:
    {type: production, branch: production, url: "https://acme.example", host: web, root: /srv/acme,
     database: {name: acme, prefix: wp_}}
promotion: {preset: content-protect}
health: [{path: /, contains: Acme}]
`;

let double: Double | undefined;

async function start(): Promise<Started> {
  double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": CONFIG },
        branches: ["staging", "production", "topic"],
        people: { ann: "write", bob: "read" },
      },
    ],
  });
  const { id, privateKey, clientId, clientSecret, webhookSecret } = double.app;
  const app = { id, privateKey, clientId, clientSecret, webhookSecret };
  return { app, apiUrl: double.apiUrl, issuer: double.oidc.issuer() };
}

/** What a busy repository sends: six conversations, two pushes to a pull request and two checks of others in ten. */
async function happenings(count: number): Promise<readonly Happened[]> {
  const github = running();
  const ann = github.as("ann");
  github.webhooks.withhold();
  const pull = await ann.openPullRequest({ title: "Another theme", head: "topic", base: "main" });
  for (let at = 0; at < count; at++) {
    if (at % 10 < 6) await ann.comment(pull, `Looks good to me, the ${at}th time.`);
    else if (at % 10 < 8) await ann.push("topic", { "theme.css": `a { order: ${at} }` });
    else await github.foreignCheck(pull.headSha, "tests", "success");
  }
  const held: Happened[] = [];
  await github.webhooks.release((all) => {
    const { webhookSecret } = github.app;
    const told = ["issue_comment.created", "pull_request.synchronize", "check_run.completed"];
    for (const { event, action, body } of all)
      if (told.includes(`${event}.${action}`))
        held.push({ event, body, signature: sign(webhookSecret, body) });
    return [];
  });
  return held;
}

/** Somebody comments a command on a pull request whose checks are up to date; how long until the first check is written? */
async function firstCheck(round: number): Promise<FirstCheck> {
  const github = running();
  const ann = github.as("ann");
  await ann.push("staging", { "theme.css": `b { order: ${round} }` });
  const pull =
    github.state.pulls.find(({ head, state }) => head === "staging" && state === "open") ??
    (await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" }));
  await github.when("the checks of the new head", () =>
    github.checks(pull.headSha).some(({ name }) => name.endsWith("/ promotion")) ? true : undefined,
  );
  // A head of this second might have come after the comment, by GitHub's clock (core/admission.ts).
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const before = github.requests.length;
  const started = performance.now();
  const said = ann.comment(pull, "/promote");
  await github.when("the first check run", () =>
    github.requests.slice(before).some(isCheck) ? true : undefined,
  );
  const first_check_ms = performance.now() - started;
  await said;
  return { first_check_ms };
}

const isCheck = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method !== "GET" && path.includes("/check-runs");

function running(): Double {
  if (double === undefined) throw new Error("the double was not started");
  return double;
}

async function answerTo(asked: Question): Promise<unknown> {
  if (asked.do === "start") return start();
  if (asked.do === "happenings") return happenings(asked.count);
  if (asked.do === "first_check") return firstCheck(asked.round);
  if (asked.do === "connect") return running().connect(asked.url);
  await running().close();
  return { problems: running().problems };
}

answerParent(Question, answerTo);
