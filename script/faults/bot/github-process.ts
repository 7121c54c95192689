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
  const first = all.filter(({ redelivery }) => !redelivery);
  const arrived = new Set(all.filter(({ status }) => status === 200).map(({ guid }) => guid));
  const undelivered = new Set(first.map(({ guid }) => guid).filter((guid) => !arrived.has(guid))).size;
  const redelivered = all.length - first.length;
  const done = delivering?.done ?? false;
  return { sent: done ? sent : first.length, undelivered, redelivered, faults, done };
}

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
  return { pulls, run_titles: runs.map(({ title }) => title), problems: [...double.problems] };
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
