/** A refresh shows what it overwrites before it begins, tells the host what the source was then, and how personal data comes. */
import { beforeEach, describe, expect, it } from "vitest";
import type { JobType } from "../../src/core/vocabulary.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { backedUp, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { openWorld, type Told, type World } from "./world.ts";

let world: World;
const production = measured({});
const edited = measured({ posts: { "1": "Edited in staging", "2": "About", "7": "Draft" } });

beforeEach(async () => {
  world = await openWorld();
  await cloned();
});

async function cloned(): Promise<void> {
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
}

const answers: Partial<Record<JobType, (input: Readonly<Record<string, unknown>>) => Told>> = {
  drift_check: ({ target_environment }) => ({
    facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? production : edited },
  }),
  backup_create: () => ({ facts: backedUp(world.now()) }),
  env_refresh: () => ({ facts: { target: production, source: production, tables: [], files: 0 } }),
};

/** Does the run's jobs one by one; `seen` is called when a job is about to be claimed. */
async function runs(
  seen: (type: JobType, input: Readonly<Record<string, unknown>>, comment: string) => void,
): Promise<void> {
  let job: string | null = (await world.effects("dispatch")).at(-1)?.inputs.job ?? null;
  while (job !== null) {
    const comment = await world.comment();
    const claimed = await world.claim(job);
    if (claimed.kind === "refused") throw new Error(claimed.message);
    const { job_type, input } = claimed.claim;
    seen(job_type, input, comment);
    const told = answers[job_type]?.(input);
    if (told === undefined) throw new Error(`the story did not expect the job ${job_type}`);
    const reported = await world.report(job, job_type, told);
    if (reported.kind === "refused") throw new Error(reported.message);
    job = reported.answer.next_job_id;
  }
}

const LISTED = [
  "What was changed in the source's protected data is overwritten; a backup of it is taken first.",
  "Changed in staging since the last refresh:",
  "- posts (editors' rows): 1 row added, 1 row changed: changed `1`, new `7`",
];

describe("what a refresh overwrites", () => {
  it("stands in the comment before the backup begins, and still when it is done", async () => {
    await world.says("mona", "/refresh");
    const comments = new Map<JobType, string>();
    const inputs = new Map<JobType, Readonly<Record<string, unknown>>>();
    await runs((type, input, comment) => {
      comments.set(type, comment);
      inputs.set(type, input);
    });
    for (const line of LISTED) {
      expect(comments.get("backup_create")).toContain(line);
      expect(comments.get("env_refresh")).toContain(line);
      expect(await world.comment()).toContain(line);
    }
    expect(inputs.get("env_refresh")).toMatchObject({
      source_type: "staging",
      expected_source: {
        tables: {
          posts: { editorial: edited.tables.posts?.parts.editorial?.digest },
          acme_widgets: { config: edited.tables.acme_widgets?.parts.config?.digest },
        },
        options: { theme_mods_acme: edited.options.theme_mods_acme?.hash },
      },
      masks: [],
    });
  });

  it("was changed meanwhile: the host refuses, the source stays as it is, and the next refresh begins anew", async () => {
    await world.says("mona", "/refresh");
    const message = "The source was changed after the refresh had looked at it: table posts.";
    const run = await world.runs({
      ...answers,
      env_refresh: () => ({ error: "REFRESH_OVERTAKEN", message }),
    });
    expect(run).toMatchObject({ result: "failed" });
    expect(await world.comment()).toContain(message);
    const { source_environment_id } = await world.operation();
    const source = await world.open.store.transaction((tx) => tx.environment(source_environment_id));
    expect(source?.status).toBe("active");
    expect(await world.says("mona", "/refresh")).toBe("started");
  });
});

describe("after a refresh", () => {
  const POLICY = `version: 1
defaults:
  windows: {allow: [{days: [mon], start: "10:00", end: "11:00", timezone: UTC}]}
  checks: [{name: tests, app: ci}]
`;

  it("every check begins anew, those that only the policy asks for, too", async () => {
    const asked = world.github.policy;
    world.github.policy = POLICY;
    await world.says("mona", "/promote");
    expect(await world.checks()).toMatchObject({ window: "failure" });
    // The policy does not ask for it any more: its check stands on the commit all the same.
    world.github.policy = asked;
    await world.says("mona", "/refresh");
    await runs(() => {});
    const checks = await world.checks();
    expect(Object.keys(checks)).toEqual(expect.arrayContaining(["window", "checks", "drift", "promotion"]));
    expect([...new Set(Object.values(checks))]).toEqual(["action_required"]);
  });
});

describe("personal data", () => {
  it("is masked where the site says so, and the comment says it", async () => {
    world.github.files.set(".github/belay.yml", `${EXAMPLE}refresh: {personal_data: mask}\n`);
    await world.says("mona", "/refresh");
    let masks: unknown;
    await runs((type, input) => {
      if (type === "env_refresh") masks = input.masks;
    });
    expect(masks).toContainEqual({
      table: "usermeta",
      columns: { meta_value: "email" },
      match: { meta_key: { in: ["billing_email"] } },
    });
    expect(await world.comment()).toContain(
      "Personal data comes as made-up text; administrators keep their accounts.",
    );
  });

  it("is left out where the site says so, with what else it names", async () => {
    const refresh =
      "{personal_data: leave_out, leave_out: {tables: [acme_bookings], files: [wp-content/uploads/private]}}";
    world.github.files.set(".github/belay.yml", `${EXAMPLE}refresh: ${refresh}\n`);
    await world.says("mona", "/refresh");
    let given: Readonly<Record<string, unknown>> = {};
    await runs((type, input) => {
      if (type === "env_refresh") given = input;
    });
    expect(given.leave_out_tables).toEqual(
      expect.arrayContaining(["acme_bookings", "comments", "wc_orders"]),
    );
    expect(given.leave_out_files).toEqual(["wp-content/uploads/private"]);
    expect(await world.comment()).toContain("Left out are `acme_bookings`, `wp-content/uploads/private`.");
  });
});
