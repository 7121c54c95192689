/** `npm run demo`: the whole story on this machine. `-- --keep` leaves it up; `-- --json` prints one JSON object last. */
import {
  openEnvironmentPullRequest,
  startService,
  startSites,
  takeDown,
  type Undo,
} from "../../test/stage/stage.ts";
import { narrator } from "./narrator.ts";
import {
  cloneStaging,
  comparison,
  driftAndRefresh,
  fall,
  oldBackup,
  promote,
  type Shown,
  type Story,
} from "./story.ts";

const json = process.argv.includes("--json");
const keep = process.argv.includes("--keep");
const tell = narrator(json ? process.stderr : process.stdout);
const undo: Undo[] = [];
const started = performance.now();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void takeDown(undo).then(() => process.exit(130)));
}

async function setTheStage(): Promise<Story> {
  tell.chapter(1, "A laboratory: MariaDB, PHP-FPM, nginx, ssh, and two real WordPress sites");
  const lab = await tell.during("production is installed, staging is an empty host", () =>
    startSites({ onProgress: tell.say }, undo),
  );
  tell.chapter(2, "The bot, with a double of GitHub in place of github.com");
  const service = await tell.during("the bot starts on its embedded store", () => startService(lab, undo));
  const stage = { lab, ...service };
  const pull = await openEnvironmentPullRequest(stage);
  tell.say(`environment pull request: ${stage.double.pageOf(pull)}`);
  return { ...stage, tell, talk: { double: stage.double, pull, login: "dev" }, watched: [] };
}

async function play(story: Story): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  tell.say("staging is cloned from production");
  shown.push(await cloneStaging(story));
  const pullSeen = Object.keys(story.double.checks(story.talk.pull.headSha)).length > 0;
  shown.push({
    point: 2,
    what: "the bot runs and posts checks on the pull request",
    held: pullSeen,
    detail: story.bot.url,
  });
  tell.chapter(3, "Somebody comments /promote, while four visitors browse, comment and log in");
  shown.push(await promote(story));
  tell.chapter(4, "Somebody edits a post in production");
  shown.push(await driftAndRefresh(story));
  tell.chapter(5, "The last full backup is too old");
  shown.push(await oldBackup(story));
  tell.chapter(6, "A release whose fault shows only in production");
  shown.push(await fall(story));
  tell.chapter(7, "The independent comparison");
  shown.push(comparison(story));
  if (story.double.problems.length > 0) {
    shown.push({
      point: 8,
      what: "GitHub's own description found nothing wrong",
      held: false,
      detail: story.double.problems.join("; "),
    });
  }
  return shown;
}

function table(shown: readonly Shown[]): void {
  tell.say("");
  for (const { point, what, held, detail } of shown)
    tell.say(`${held ? "held  " : "FAILED"} ${point}. ${what}${detail === "" ? "" : ` (${detail})`}`);
}

function figures(story: Story, shown: readonly Shown[]): Readonly<Record<string, unknown>> {
  const visits = story.watched.map((watched) => watched.visitors);
  const total = (of: (visit: (typeof visits)[number]) => number) =>
    visits.reduce((sum, visit) => sum + of(visit), 0);
  return {
    requests: total((visit) => visit.requests),
    failed_requests: total((visit) => visit.failures.length),
    longest_gap_ms: Math.max(0, ...visits.map((visit) => visit.longest_gap_ms)),
    lost_writes: story.watched.reduce((sum, watched) => sum + watched.lost, 0),
    protected_changed: story.watched.reduce((sum, watched) => sum + watched.strange.length, 0),
    seconds: Math.round((performance.now() - started) / 1000),
    ...Object.fromEntries(shown.map(({ point, held }) => [`point_${point}`, held])),
  };
}

try {
  const story = await setTheStage();
  const shown = [...(await play(story))].sort((a, b) => a.point - b.point);
  table(shown);
  const result = figures(story, shown);
  process.exitCode = shown.every(({ held }) => held) ? 0 : 1;
  if (keep) {
    tell.say(
      `production ${story.lab.production.url} · staging ${story.lab.staging.url} · bot ${story.bot.url}`,
    );
    tell.say(`pull request ${story.double.pageOf(story.talk.pull)} · everything lies in ${story.lab.folder}`);
    tell.say("Press Ctrl-C to stop it and remove everything.");
    await new Promise(() => setInterval(() => undefined, 60_000));
  }
  await takeDown(undo);
  if (json) console.log(JSON.stringify(result));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
  await takeDown(undo);
}
