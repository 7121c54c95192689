/** What hosts tell is text of others: names of tables, options and files, errors and steps. Whatever it holds, the bot's words stay the bot's. */
import { beforeEach, expect, it } from "vitest";
import { effectsOf } from "../support/markdown.ts";
import { HOSTILE } from "../unit/core/dangers.ts";
import { files, fingerprint, options, table } from "../unit/wordpress/facts.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

const VALUES = [
  ...HOSTILE,
  "$(touch /tmp/owned)",
  "{{ lookup('pipe', 'id') }}",
  "'; drop table deliveries; --",
  "::set-output name=result::succeeded",
  "\u001b[2J\u202egnp.exe",
  "__proto__",
  "constructor",
];
/** Everything that has a name of its own bears a hostile one. */
const named = (version: string) => {
  const all = Object.fromEntries(VALUES.map((value) => [value, version]));
  const tables = VALUES.map((value) => [value, table("editorial", { [value]: version })] as const);
  return fingerprint({
    ...measured({}),
    tables: {
      ...measured({}).tables,
      ...Object.fromEntries(tables),
      ...Object.fromEntries(VALUES.map((value) => [`c ${value}`, table("config", { [value]: version })])),
      ...Object.fromEntries(VALUES.map((value) => [`u ${value}`, table("unclassified", { "1": version })])),
    },
    options: options({ theme_mods_acme: "plain", ...all }),
    files: { "wp-content/uploads": files(all) },
    code: files(all),
    code_edits: VALUES.map((path) => ({ path, change: "added" as const })),
    wordpress: { version: VALUES[0] ?? "", db_version: VALUES[1] ?? "" },
    server_version: VALUES[2] ?? "",
  });
};

/** Every text that the bot has written so far: Markdown, and what GitHub shows as it is. */
async function written() {
  const checks = await world.effects("check");
  const markdown = [
    ...(await world.effects("comment")).map(({ body }) => body),
    ...(await world.effects("answer")).map(({ body }) => body),
    ...checks.flatMap(({ summary, text }) => [summary, text ?? ""]),
  ];
  const statuses = await world.effects("deployment_status");
  return {
    markdown,
    plain: [...checks.map(({ title }) => title), ...statuses.map((one) => one.description)],
  };
}

async function expectHarmless(): Promise<void> {
  const { markdown, plain } = await written();
  // Some of the names are shown, or this test would show nothing.
  expect(markdown.join("\n")).toContain("touch /tmp/owned");
  for (const text of markdown) expect(effectsOf(text), text).toEqual([]);
  for (const text of [...markdown, ...plain]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/);
  }
}

it("names of tables, rows, options and files", async () => {
  await world.says("mona", "/refresh");
  await world.runs(firstClone(named("before")));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  const looked = {
    release_build: () => ({ facts: built(named("source"), commit) }),
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: named("target") } }),
  };
  // What the source says it was built from is text, too.
  const commit = VALUES.join(" ");
  for (const command of ["/drift", "/plan", "/promote", "/baseline", "/status"]) {
    await world.says("mona", command);
    if (["/drift", "/plan", "/promote"].includes(command)) await world.runs(looked);
  }
  await expectHarmless();
});

it("errors, steps and what was healthy", async () => {
  const [production, staging] = [measured({}), measured({ widgets: { "1": "new" }, theme: "new theme" })];
  const answers = {
    release_build: () => ({ facts: built(staging, HEAD) }),
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  };
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  for (const value of VALUES) {
    await world.says("mona", "/backup");
    const job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
    await world.claim(job);
    const at = world.now();
    await world.tells(job, [
      { at, event: "step_started", step: value },
      { at, event: "step_finished", step: value, status: "failed", seconds: 1, message: value },
      { at, event: "note", step: value, message: value },
    ]);
    world.wait(20);
    await world.report(job, "backup_create", { error: value, message: value });
  }
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  const health = VALUES.map((value) => ({ check: value, ok: false, detail: value, seconds: 1 }));
  const facts = { ...switched(staging), rolled_back: true, health, restored_health: health };
  const failed = { error: "HEALTH_FAILED", message: VALUES.join(" "), facts };
  expect(await world.runs({ ...answers, env_promote: () => failed })).toMatchObject({
    result: "rolled_back",
  });
  await world.says("mona", "/status");
  await expectHarmless();
});
