/** The story, point by point. Each chapter does it for real, says what it saw, and gives back whether its promise held. */
import { setTimeout as sleep } from "node:timers/promises";
import { addPlugin, editPost } from "../../test/lab/wordpress.ts";
import { approve, checksOf, command, type Talk, type Told } from "../../test/stage/commands.ts";
import { siteConfig } from "../../test/stage/configuration.ts";
import type { Stage } from "../../test/stage/stage.ts";
import { deployToStaging, serves } from "../../test/stage/staging.ts";
import type { Narrator } from "./narrator.ts";
import { type Watched, watch } from "./watch.ts";

export type Shown = {
  readonly point: number;
  readonly what: string;
  readonly held: boolean;
  readonly detail: string;
};
export type Story = Stage & {
  readonly tell: Narrator;
  readonly talk: Talk;
  readonly watched: Watched<Told>[];
};

const SHORT_LIMIT_S = 60;

async function say(story: Story, text: string): Promise<Told> {
  const told = await story.tell.during(`somebody comments ${text}`, () => command(story.talk, text));
  story.tell.quote(told.sentences);
  return told;
}

/** What would be promoted is shown, and somebody else than its author says yes to it. */
async function agree(story: Story): Promise<void> {
  await say(story, "/plan");
  const told = await story.tell.during("somebody else looks at it and comments /approve", () =>
    approve(story.talk),
  );
  story.tell.quote(told.sentences);
}

async function watchedCommand(story: Story, text: string): Promise<Watched<Told>> {
  const watched = await watch(story.lab, () => say(story, text));
  story.watched.push(watched);
  const { visitors, lost, strange } = watched;
  story.tell.say(
    `four visitors: ${visitors.requests} requests, ${visitors.failures.length} failed, longest gap ${visitors.longest_gap_ms} ms; ` +
      `${visitors.comments.length} comments acknowledged, ${lost} lost; protected data changed otherwise: ${strange.length}`,
  );
  for (const failure of visitors.failures.slice(0, 5)) story.tell.say(`failed: ${failure}`);
  for (const one of strange.slice(0, 5)) story.tell.say(`changed: ${one.where} ${one.key} ${one.change}`);
  return watched;
}

const untouched = ({ visitors, lost, strange }: Watched<Told>) =>
  visitors.failures.length === 0 && lost === 0 && strange.length === 0;

export async function cloneStaging(story: Story): Promise<Shown> {
  const { lab, tell } = story;
  const told = await say(story, "/refresh");
  const page = await (await fetch(`${lab.staging.url}/`)).text();
  const cloned =
    told.ending === "done" && page.includes(lab.staging.url) && !page.includes(lab.production.url);
  tell.say(`staging answers at ${lab.staging.url} with its own address in every link: ${cloned}`);
  await addPlugin(lab.staging, "1");
  return {
    point: 1,
    what: "staging is cloned from production, baseline of both recorded",
    held: cloned,
    detail: told.sentences[0] ?? "",
  };
}

export async function promote(story: Story): Promise<Shown> {
  const { double, tell, lab } = story;
  const sha = await deployToStaging(story, "2");
  tell.say("staging has a new theme, a plugin with a table of its own, and changed options");
  await say(story, "/backup");
  await agree(story);
  const watched = await watchedCommand(story, "/promote");
  const checks = checksOf(double, sha, "production");
  const deployment = double.deployments("production").at(-1)?.statuses.at(-1)?.state ?? "none";
  const now = await serves(lab.production);
  tell.say(
    `checks: ${JSON.stringify(checks)}; deployment: ${deployment}; production serves code/data ${now}`,
  );
  const green = ["drift", "backup", "release", "approval", "promotion"].every(
    (gate) => checks[gate] === "success",
  );
  const store = await storeSays(story, watched.result);
  tell.say(`the store says: ${store}`);
  const table = await (await fetch(`${lab.production.url}/`)).text();
  const held =
    watched.result.ending === "done" &&
    green &&
    deployment === "success" &&
    now === "2/2" &&
    store === "succeeded" &&
    table.includes('data-table="2"') &&
    untouched(watched);
  return {
    point: 3,
    what: "/promote: checks, run, health, deployment, store; visitors notice nothing",
    held,
    detail: `${watched.visitors.requests} requests, longest gap ${watched.visitors.longest_gap_ms} ms`,
  };
}

/** The promotion's state as the API tells it. */
async function storeSays(story: Story, told: Told): Promise<string> {
  const id = /belay:operation=([0-9a-f-]+)/.exec(told.comment.body)?.[1];
  const response = await fetch(`${story.bot.url}/api/promotions/${id}`, {
    headers: { authorization: `Bearer ${story.double.userToken("dev")}` },
  });
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null && "state" in body
    ? String(body.state)
    : `status ${response.status}`;
}

export async function driftAndRefresh(story: Story): Promise<Shown> {
  const { lab, tell } = story;
  const [post] = lab.posts;
  if (post === undefined) throw new Error("production has no post");
  await deployToStaging(story, "3");
  await editPost(lab.production, post, `Edited in production, at ${lab.production.url}/.`);
  tell.say(`somebody edits post ${post} in production, and somebody else writes into it in staging`);
  await editPost(lab.staging, post, "A draft that was never meant to stay.");
  const blocked = await say(story, "/promote");
  const named = blocked.ending === "blocked" && blocked.comment.body.includes("posts");
  const refreshed = await say(story, "/refresh");
  const overwritten =
    refreshed.ending === "done" &&
    /is overwritten; a backup of it is taken first/.test(refreshed.comment.body);
  await agree(story);
  const watched = await watchedCommand(story, "/promote");
  const now = await serves(lab.production);
  const held =
    named && overwritten && watched.result.ending === "done" && now === "3/3" && untouched(watched);
  return {
    point: 4,
    what: "drift blocks; /refresh; then the promotion goes through",
    held,
    detail: `${blocked.sentences[1] ?? blocked.ending}`,
  };
}

export async function oldBackup(story: Story): Promise<Shown> {
  const { lab, double, tell } = story;
  await double
    .as("dev")
    .push("main", { ".github/belay.yml": siteConfig(lab, { maxAge: `${SHORT_LIMIT_S}s` }) });
  await deployToStaging(story, "4");
  tell.say(`the site now wants a backup that is at most ${SHORT_LIMIT_S} s old`);
  await agree(story);
  let blocked = await say(story, "/promote");
  if (blocked.ending === "done") {
    await deployToStaging(story, "5");
    await tell.during("the backup grows too old", () => sleep(SHORT_LIMIT_S * 1000));
    await agree(story);
    blocked = await say(story, "/promote");
  }
  const named = blocked.ending === "blocked" && /backup/.test(blocked.sentences.join(" "));
  const backup = await say(story, "/backup");
  const watched = await watchedCommand(story, "/promote");
  const held = named && backup.ending === "done" && watched.result.ending === "done" && untouched(watched);
  await double.as("dev").push("main", { ".github/belay.yml": siteConfig(lab) });
  return {
    point: 5,
    what: "a backup that is too old blocks; /backup; then it goes through",
    held,
    detail: `${blocked.sentences[1] ?? blocked.ending}`,
  };
}

export async function fall(story: Story): Promise<Shown> {
  const { lab, tell } = story;
  const before = await serves(lab.production);
  // The candidate, which answers before the switch with production's address and data, runs in a PHP of its own.
  const inProduction = `home_url() === '${lab.production.url}' && PHP_SAPI === 'fpm-fcgi'`;
  await deployToStaging(story, "6", `$promise = ${inProduction} ? '' : 'Open all year';`);
  tell.say("the new theme forgets a sentence, but only in production's own PHP-FPM, where no trial sees it");
  await agree(story);
  const watched = await watchedCommand(story, "/promote");
  const now = await serves(lab.production);
  tell.say(`production serves code/data ${now}, as before: ${now === before}`);
  const held = watched.result.ending === "rolled back" && now === before && untouched(watched);
  return {
    point: 6,
    what: "an unhealthy release is rolled back by itself; what visitors wrote stays",
    held,
    detail: `${watched.visitors.comments.length} comments written meanwhile, ${watched.lost} lost`,
  };
}

/** Point 7 is not a chapter of its own: it was measured around every promotion above. */
export function comparison(story: Story): Shown {
  const strange = story.watched.reduce((sum, watched) => sum + watched.strange.length, 0);
  const comments = story.watched.reduce((sum, watched) => sum + watched.visitors.comments.length, 0);
  return {
    point: 7,
    what: "plain SELECTs and SHA-256 around each promotion: protected data changed only by visitors and the demo",
    held: strange === 0 && story.watched.length > 0,
    detail: `${story.watched.length} promotions, ${comments} comments by visitors, ${strange} other changes`,
  };
}
