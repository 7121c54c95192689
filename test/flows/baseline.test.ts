/** `/baseline`: a source that is a copy already gets a baseline by a person's word, and by nothing else. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../src/core/facts.ts";
import { compareSides } from "../../src/core/wordpress/comparison.ts";
import { undamaged } from "../../src/flows/baselines.ts";
import { options, table } from "../unit/wordpress/facts.ts";
import { built, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { HEAD, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

const production = measured({});
/** A copy, in which somebody has worked. */
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });

interface Sides {
  readonly source: Fingerprint;
  readonly target: Fingerprint;
}
const SIDES: Sides = { source: staging, target: production };
const digits = (sides: Sides) => compareSides(sides).digest.slice(0, 12);

/** What the hosts of the two sides answer. */
const hosts = ({ source, target }: Sides = SIDES) => ({
  baseline_create: ({ target_environment }: Readonly<Record<string, unknown>>) => ({
    facts: { fingerprint: target_environment === "production" ? target : source },
  }),
});

async function recorded() {
  const { source_environment_id, target_environment_id } = await world.operation();
  const found = await world.open.store.transaction((tx) =>
    tx.baselineOf(source_environment_id, target_environment_id),
  );
  return undamaged(found);
}

async function accept(sides: Sides = SIDES, accepted: Sides = SIDES) {
  await world.says("mona", `/baseline accept ${digits(accepted)}`);
  return world.runs(hosts(sides));
}

describe("/baseline", () => {
  it("measures both sides, shows how they differ, and records nothing", async () => {
    expect(await world.says("mona", "/baseline")).toBe("started");
    const run = await world.runs(hosts());

    expect(run).toMatchObject({ jobs: ["baseline_create", "baseline_create"], result: "succeeded" });
    const comment = await world.comment();
    expect(comment).toContain("### Baseline of staging and production: done");
    expect(comment).toContain("**staging and production are compared. Nothing is recorded yet.**");
    expect(comment).toContain(
      `Next: Look at the differences. To declare them the baseline of both sides, comment \`/baseline accept ${digits(SIDES)}\`; both are measured again, and nothing is recorded if they differ otherwise then.`,
    );
    expect(comment).toContain("| `acme_widgets` | config | 1 | 1 | 0 | 0 | 1 |");
    expect(comment).toContain("| `code` | code | 1 | 1 | 0 | 0 | 1 |");
    expect(comment).not.toContain("is replaced");
    expect(await recorded()).toBeNull();
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });

  it("holds both environments while it measures", async () => {
    await world.says("mona", "/baseline");
    expect(await world.open.store.transaction((tx) => tx.locks())).toHaveLength(2);
    expect(await world.says("mona", "/plan")).toBe("environment_locked");
  });

  it("needs the right to refresh", async () => {
    expect(await world.says("visitor", "/baseline")).toBe("permission_missing");
    world.github.policy = "version: 1\ndefaults:\n  refresh: {permission: admin}\n";
    expect(await world.says("mona", "/baseline")).toBe("permission_missing");
  });

  it("fails where a side is no site, and records nothing", async () => {
    await world.says("mona", "/baseline");
    const run = await world.runs({
      baseline_create: () => ({ error: "SITE_EMPTY", message: "There is no site in it yet." }),
    });
    expect(run).toMatchObject({ jobs: ["baseline_create"], result: "failed" });
    expect(await world.comment()).toContain(
      "The comparison of staging and production failed; nothing is recorded. There is no site in it yet.",
    );
    expect(await recorded()).toBeNull();
  });
});

describe("/baseline accept", () => {
  it("records both sides as they are, and says so in the log", async () => {
    await world.says("mona", "/baseline");
    await world.runs(hosts());
    const run = await accept();

    expect(run).toMatchObject({ jobs: ["baseline_create", "baseline_create"], result: "succeeded" });
    expect(await recorded()).toMatchObject(SIDES);
    const comment = await world.comment();
    expect(comment).toContain("**The baseline of staging and production is recorded, as it was accepted.**");
    expect(comment).toContain("Next: Look at staging, then comment `/promote`.");
    const log = await world.open.store.transaction((tx) => tx.audit({}, { limit: 3 }));
    expect(log.find(({ action }) => action === "baseline.declared")).toMatchObject({
      actor: "github:mona",
      reason: `accepted the comparison ${digits(SIDES)}`,
      details: { baseline: (await recorded())?.id, replaces: null },
    });
  });

  it("makes drift be judged, from then on", async () => {
    expect(await world.says("mona", "/plan")).toBe("blocked");
    expect(await world.comment()).toContain(
      "Where staging is a copy of production already, `/baseline` compares the two and records one.",
    );
    await accept();
    expect(await world.checks()).toMatchObject({ drift: "action_required", release: "action_required" });

    await world.says("mona", "/drift");
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }) });
    expect(await world.checks()).toMatchObject({ drift: "success" });

    const edited = measured({ posts: { "1": "Hello, world", "2": "About" } });
    await world.says("mona", "/drift");
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }) });
    expect(await world.checks()).toMatchObject({ drift: "failure" });
  });

  it("lets travel only what the source changes afterwards", async () => {
    await accept();
    const promoted = async (source: Fingerprint) => {
      await world.says("mona", "/plan");
      await world.runs({
        release_build: () => ({ facts: built(source, HEAD) }),
        drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
      });
      return (await world.operation()).plan?.job.promote_tables;
    };
    expect(await promoted(staging)).toEqual([]);
    expect(await promoted(measured({ widgets: { "1": "newer" }, theme: "new theme" }))).toEqual([
      "acme_widgets",
    ]);
  });

  it("records nothing where the two differ otherwise by now, and shows how", async () => {
    const now = { source: staging, target: measured({ posts: { "1": "Hello", "2": "About us" } }) };
    const run = await accept(now);

    expect(run).toMatchObject({ jobs: ["baseline_create", "baseline_create"], result: "blocked" });
    expect(await recorded()).toBeNull();
    const comment = await world.comment();
    expect(comment).toContain(
      `**Nothing is recorded: how staging and production differ is not what \`${digits(SIDES)}\` names, or not any more.**`,
    );
    expect(comment).toContain(`comment \`/baseline accept ${digits(now)}\``);
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "baseline_changed" });
    expect(await accept(now, now)).toMatchObject({ result: "succeeded" });
    expect(await recorded()).toMatchObject(now);
  });

  it("records nothing for digits that nobody was shown", async () => {
    await world.says("mona", "/baseline accept 0123456789ab");
    expect(await world.runs(hosts())).toMatchObject({ result: "blocked" });
    expect(await recorded()).toBeNull();
  });

  it("does not mind what visitors write meanwhile", async () => {
    const visited = (rows: Record<string, string>) => ({
      ...production,
      tables: { ...production.tables, comments: table("live", rows) },
    });
    const before = { source: staging, target: visited({ "1": "a" }) };
    const now = { source: staging, target: visited({ "1": "a", "2": "b" }) };
    expect(await accept(now, before)).toMatchObject({ result: "succeeded" });
    expect(await recorded()).toMatchObject(now);
  });

  it("says what is lost where there is a baseline already", async () => {
    await world.says("mona", "/refresh");
    await world.runs(firstClone(production));
    const refreshed = await recorded();
    await world.says("mona", "/baseline");
    await world.runs(hosts());
    expect(await world.comment()).toContain(
      "The baseline that is on record is replaced, with what it knows: work in staging that waits for its promotion, and changes of production since the last refresh or promotion. To keep them, comment `/refresh` instead.",
    );
    await accept();
    const declared = await recorded();
    expect(declared?.id).not.toBe(refreshed?.id);
    const [record] = (await world.open.store.transaction((tx) => tx.audit({}, { limit: 3 }))).filter(
      ({ action }) => action === "baseline.declared",
    );
    expect(record?.details).toMatchObject({ replaces: refreshed?.id });
  });

  it("records once, however often the report is told", async () => {
    await world.says("mona", `/baseline accept ${digits(SIDES)}`);
    const [first = ""] = (await world.effects("dispatch")).slice(-1).map(({ inputs }) => inputs.job);
    await world.claim(first);
    const told = await world.report(first, "baseline_create", { facts: { fingerprint: production } });
    const second = told.kind === "answered" ? (told.answer.next_job_id ?? "") : "";
    await world.claim(second);
    const facts = { facts: { fingerprint: staging } };
    const answer = await world.report(second, "baseline_create", facts);
    const once = await recorded();
    expect(await world.report(second, "baseline_create", facts)).toEqual(answer);
    expect(await recorded()).toEqual(once);
    expect(await world.open.sql("select id from baselines")).toHaveLength(1);
  });

  it("never shows a value, and no option that is not promotable", async () => {
    const rows = (value: string) => ({
      ...options({ blogname: value }),
      ...options({ acme_licence_key: value }, "secret"),
    });
    const sides = {
      source: { ...staging, options: rows("s3cret of staging") },
      target: { ...production, options: rows("s3cret of production") },
    };
    await world.says("mona", "/baseline");
    await world.runs(hosts(sides));
    const comment = await world.comment();
    expect(comment).toContain("- `blogname`: different");
    expect(comment).not.toContain("acme_licence_key");
    expect(comment).not.toContain("s3cret");
  });
});
