/**
 * Another site than the demo's: other prefixes, databases and names of environments, a shop's preset, and strict drift, where
 * every change in protected data counts. One pull request from its first plan through a rollback to a second promotion.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Watcher, watchArguments } from "../lab/arguments.ts";
import { difference, type Observation, observe } from "../lab/comparison.ts";
import { mariadb } from "../lab/servers/mariadb.ts";
import { pay, postComment } from "../lab/visits.ts";
import { addPlugin, type Site, setOption, wp } from "../lab/wordpress.ts";
import { approve, command, type Talk, type Told } from "../stage/commands.ts";
import { openEnvironmentPullRequest, type Stage, startStage } from "../stage/stage.ts";
import { deployToStaging, serves } from "../stage/staging.ts";

let stage: Stage;
let talk: Talk;
let live: Site;
let watcher: Watcher;

beforeAll(async () => {
  stage = await startStage({
    production: { database: "shop_live", prefix: "shop_1_" },
    staging: { database: "preview_db", prefix: "wp_" },
    words: {
      source: "preview",
      target: "live",
      promotion: { preset: "commerce-protect", drift: "strict" },
    },
  });
  live = stage.lab.production;
  watcher = watchArguments();
  talk = { double: stage.double, pull: await openEnvironmentPullRequest(stage), login: "dev" };
});
afterAll(async () => {
  await stage?.stop();
  expect(stage?.double.problems).toEqual([]);
});

async function say(text: string, ending: Told["ending"]): Promise<string> {
  const told = await command(talk, text);
  expect(told.ending, told.comment.body).toBe(ending);
  return told.comment.body;
}

/** The newest plan is approved by somebody else than the pull request's author. */
async function approved(): Promise<void> {
  const { comment } = await approve(talk);
  expect(comment.body).toContain("`reviewer` approved release");
}

const protectedData = (): Promise<Observation> => observe(stage.lab.database.socket, live);
const option = (name: string) => wp(live, "return get_option($input);", name);
const everything = () =>
  mariadb(
    stage.lab.database.socket,
    `SELECT table_name, create_time FROM information_schema.tables WHERE table_schema = '${live.database}' ORDER BY 1`,
  );

/** A visitor's comment, which a rollback must not take away. */
async function visitorWrites(): Promise<number> {
  const [post = 0] = stage.lab.posts;
  const judgement = await pay(live, postComment(post, "a visitor"));
  if (judgement.kind !== "comment")
    throw new Error(`the comment was not taken: ${JSON.stringify(judgement)}`);
  return judgement.comment.id;
}

test("the first clone, with the other prefix and the other address", async () => {
  const body = await say("/refresh", "done");
  expect(body).toContain("preview is refreshed from live");
  const page = await (await fetch(`${stage.lab.staging.url}/`)).text();
  expect(page).toContain(stage.lab.staging.url);
  expect(page).not.toContain(live.url);
  expect(await wp(stage.lab.staging, "return array_keys(get_option('wp_user_roles'));")).toContain("editor");
});

test("/plan tells what would happen and changes nothing", async () => {
  await addPlugin(stage.lab.staging, "1");
  await deployToStaging(stage, "2");
  const before = { data: await protectedData(), tables: await everything() };
  const body = await say("/plan", "done");
  expect(body).toMatch(
    /\| `lab_widgets` \| config \| \*\*promote\*\* \| `\.github\/belay\.yml` \| 200 → absent \|/,
  );
  expect(body).toMatch(/\| `lab_season` \| \w+ \| \*\*promote\*\* \|/);
  expect(body).toMatch(/\| `posts` \| editorial \| \*\*protect\*\* \|/);
  expect(body).toContain("Comment `/backup`");
  expect({ data: await protectedData(), tables: await everything() }).toEqual(before);
  expect(await serves(live)).toBe("1/1");
});

test("/promote brings code, table and options, and leaves the rest", async () => {
  const before = await protectedData();
  await say("/backup", "done");
  expect(await say("/promote", "blocked")).toContain("needs 1 more approval (0 of 1)");
  expect(await serves(live)).toBe("1/1");
  await approved();
  await say("/promote", "done");
  expect(await serves(live)).toBe("2/2");
  expect(await option("lab_season")).toBe("Season 2");
  expect(await (await fetch(`${live.url}/`)).text()).toContain('data-table="2"');
  expect(difference(before, await protectedData())).toEqual([]);
});

test("/rollback gives promoted options their old values; what was written since stays", async () => {
  const comment = await visitorWrites();
  await setOption(live, "newsletter_count", "17");
  const before = await protectedData();
  const body = await say("/rollback", "done");
  expect(body).toContain("live is back on the release before, and healthy.");
  expect(await serves(live)).toBe("1/1");
  expect(await option("lab_season")).toBe(false);
  expect(await option("newsletter_count")).toBe("17");
  expect(difference(before, await protectedData())).toEqual([]);

  // In strict mode the comment is drift; without it live is as it was when preview was cloned.
  expect(await wp(live, "return wp_delete_comment($input, true);", comment)).toBe(true);
});

test("a second promotion after the rollback brings the same again", async () => {
  await say("/plan", "done");
  await approved();
  await say("/promote", "done");
  expect(await serves(live)).toBe("2/2");
  expect(await option("lab_season")).toBe("Season 2");
  expect(await option("newsletter_count")).toBe("17");
});

test("strict drift: one comment of a visitor blocks the next promotion", async () => {
  await visitorWrites();
  await deployToStaging(stage, "3");
  const body = await say("/promote", "blocked");
  expect(body).toContain("live changed since its baseline for preview");
  expect(body).toContain("`comments`");
  expect(body).toContain("Next: Comment `/refresh`");
  expect(await serves(live)).toBe("2/2");
});

test("/baseline: both sides are declared as they are, and drift counts from then on", async () => {
  const shown = await say("/baseline", "done");
  expect(shown).toContain("How preview and live differ.");
  expect(shown).toMatch(/\| `comments` \| live \| \d+ \| \d+ \|/);
  expect(shown).toContain("The baseline that is on record is replaced");
  const [, digits = ""] = /\/baseline accept ([0-9a-f]{12})/.exec(shown) ?? [];
  expect(await say(`/baseline accept ${digits}`, "done")).toContain("is recorded, as it was accepted.");
  expect(await say("/drift --full", "done")).toContain("| drift | ✅ pass |");
  await visitorWrites();
  expect(await say("/drift", "done")).toContain(
    "| drift | ❌ block | live changed since its baseline for preview",
  );
  expect(await serves(live)).toBe("2/2");
});

test("in all of that no secret was an argument of a process, nor is one in a log, a comment, a check or a report", async () => {
  const { lab, double } = stage;
  const secrets = Object.entries(double.repository().environments.get("live")?.secrets ?? {})
    .filter(([name]) => name !== "BELAY_RESTIC_REPOSITORY")
    .flatMap(([, value]) =>
      value.split("\n").filter((line) => line.length > 15 && !line.startsWith("-----")),
    );
  const passwords = [live.password, lab.staging.password, double.app.clientSecret, double.app.webhookSecret];
  const hidden = [...secrets, ...passwords, ...double.state.tokens.keys()];
  expect(hidden.length).toBeGreaterThan(8);

  const seen = await watcher.seen();
  for (const program of ["ansible-playbook", "ssh ", "restic ", "-dump ", "php "])
    expect(seen.filter((line) => line.includes(program)).length, program).toBeGreaterThan(0);
  const told = [
    ...double.state.runs.flatMap(({ log, summaries, outputs }) => [
      ...log,
      ...summaries,
      JSON.stringify(outputs),
    ]),
    ...double.comments(talk.pull).map(({ body }) => body),
    ...double.state.checks.map(({ output }) => JSON.stringify(output)),
    await readFile(path.join(lab.folder, "bot.log"), "utf8"),
  ];
  for (const secret of hidden) {
    expect(seen.filter((line) => line.includes(secret))).toEqual([]);
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
  }
  // What a host writes down: journals, reports, indexes, the watchdog's orders.
  for (const { root } of [live, lab.staging]) {
    const found = await execa(
      "grep",
      ["-rlaF", ...secrets.flatMap((one) => ["-e", one]), path.join(root, ".belay")],
      {
        reject: false,
      },
    );
    expect([found.exitCode, found.stdout]).toEqual([1, ""]);
  }
});
