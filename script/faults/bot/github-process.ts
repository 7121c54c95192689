/** The double of GitHub as its own process, with everything that happens there. */
import { type Double, startDouble } from "../../../test/double/double.ts";
import { answerParent } from "../../bench/frame/child.ts";
import { type Progress, Question, type Remains, type Size } from "./github.ts";
import type { Expected } from "./model.ts";
import { type Random, randomFrom } from "./random.ts";
import { repositories, tell } from "./story.ts";

/** One delivery in five is sent twice. */
const DOUBLED = 1 / 5;
/** GitHub stumbles this often, in bursts. */
const FAULTS_EVERY_MS = 250;
/** Longest story: everything happened a second apart, and lies behind us. */
const STEP_MS = 2_000;

let double: Double;
let random: Random;
let expected: readonly Expected[] = [];
let delivering: { done: boolean } | undefined;
let stumbling: NodeJS.Timeout | undefined;
let faults = 0;
let sent = 0;

async function begin({ pull_requests, deliveries, seed }: Size): Promise<unknown> {
  random = randomFrom(seed);
  const single = Math.round(deliveries / (1 + DOUBLED));
  let past = (single + 5 * pull_requests) * STEP_MS;
  const tick = () => {
    past -= STEP_MS;
  };
  double = await startDouble({
    repositories: repositories(pull_requests),
    now: () => new Date(Date.now() - past),
  });
  double.webhooks.withhold();
  expected = await tell({ double, random, tick }, pull_requests, single);
  past = 0;
  const { id, privateKey, clientId, clientSecret, webhookSecret } = double.app;
  const app = { id, privateKey, clientId, clientSecret, webhookSecret };
  return { app, apiUrl: double.apiUrl, issuer: double.oidc.issuer() };
}

/** Everything that was withheld, some of it twice, in any order, while the API stumbles. */
function deliver(url: string, { deliveries, per_second }: Size): void {
  double.connect(url);
  const state = { done: false };
  delivering = state;
  stumbling = setInterval(stumble, FAULTS_EVERY_MS);
  const order = (held: ReturnType<Double["webhooks"]["withheld"]>) => {
    const twice = random.shuffled(held).slice(0, deliveries - held.length);
    const all = random.shuffled([...held, ...twice]);
    sent = all.length;
    return all;
  };
  void double.webhooks.release(order, { atOnce: 8, perSecond: per_second }).then(() => {
    state.done = true;
  });
}

/** What `one` fault lasts: some requests, whichever come next. */
const STUMBLES = [
  { fault: 500, times: 3 },
  { fault: "secondary-rate-limit", times: 2 },
  { fault: "no-answer", times: 2 },
  { fault: "lost-answer", times: 1 },
] as const;

function stumble(): void {
  const { fault, times } = random.one(STUMBLES);
  double.faults.clear();
  double.faults.plan("*", fault, { times, retryAfter: 1 });
  faults += times;
}

function progress(): Progress {
  const all = double.webhooks.deliveries;
  const redelivered = all.filter(({ redelivery }) => redelivery).length;
  const done = delivering?.done ?? false;
  const so_far = done ? sent : all.length - redelivered;
  return { sent: so_far, unanswered: unanswered().size, redelivered, read: read.ids.size, faults, done };
}

/** Guids of those that no attempt so far brought an answer, and that the bot did not read either. */
function unanswered(): ReadonlySet<string> {
  const all = double.webhooks.deliveries;
  const reads = readIds();
  const arrived = new Set(
    all.filter(({ id, status }) => status === 200 || reads.has(id)).map(({ guid }) => guid),
  );
  const missing = all.filter(({ guid, event, action }) => !arrived.has(guid) && matters(event, action));
  return new Set(missing.map(({ guid }) => guid));
}

/** What people do, and how runs end. Of the others (pushes, edits, its own checks) the bot learns nothing, so it does not ask for them. */
const matters = (event: string, action: string | null): boolean =>
  event === "pull_request" || MATTERS.includes(`${event}.${action}`);
const MATTERS = ["issue_comment.created", "workflow_run.completed"];
const READ = /^\/app\/hook\/deliveries\/(\d+)$/;
const read = { ids: new Set<number>(), looked: 0 };

/** Deliveries that the bot read through the API. */
function readIds(): ReadonlySet<number> {
  for (const { method, path, status } of double.requests.slice(read.looked)) {
    const id = READ.exec(path)?.[1];
    if (method === "GET" && status === 200 && id !== undefined) read.ids.add(Number(id));
  }
  read.looked = double.requests.length;
  return read.ids;
}

/** Runs end at once here, and the double says why. */
const NO_RUNNER = "the double has no runner";

function remains(): Remains {
  const { reactions, runs, checks } = double.state;
  const bot = double.app.bot.login;
  const pulls = expected.map((one) => {
    const pull = double.state.pulls.find(
      ({ repository, number }) => repository === one.repository && number === one.number,
    );
    if (pull === undefined) throw new Error("a pull request of the story is gone");
    const comments = double.comments(pull);
    const ids = new Set(comments.map(({ id }) => id));
    return {
      expected: {
        ...one,
        checks: Object.fromEntries(Object.entries(one.checks).map(([name, all]) => [name, [...all]])),
        answered: [...one.answered],
        seen: [...one.seen],
        begun: [...one.begun],
      },
      checks: checks
        .filter(({ app, headSha }) => app === double.app.id && headSha === one.head_sha)
        .map(({ name, conclusion }) => ({ name, conclusion })),
      comments: comments
        .filter(({ author }) => author === bot)
        .map(({ body }) => body.split("\n", 1)[0] ?? ""),
      reactions: reactions
        .filter(({ author, comment }) => author === bot && ids.has(comment))
        .map(({ comment }) => comment),
    };
  });
  const problems = double.problems.filter((problem) => !problem.includes(NO_RUNNER));
  return { pulls, run_titles: runs.map(({ title }) => title), unanswered: [...unanswered()], problems };
}

answerParent(Question, async (question) => {
  if (question.do === "begin") return begin(question.size);
  if (question.do === "deliver") return deliver(question.url, question.size);
  if (question.do === "progress") return progress();
  if (question.do === "heal") {
    clearInterval(stumbling);
    return double.faults.clear();
  }
  return remains();
});
