/** Drift: what the host compared, how it is judged and shown, and what is never judged by. */
import { beforeEach, describe, expect, it } from "vitest";
import type { RowChanges } from "../../src/core/facts.ts";
import { driftCheckView } from "../../src/http/views.ts";
import { problemsOf } from "../support/openapi.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { files, options, part, table } from "../unit/wordpress/facts.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { HEAD, openWorld, type World } from "./world.ts";

let world: World;

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });

async function begin(config = EXAMPLE, clone = production): Promise<void> {
  world = await openWorld(config);
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(clone));
}

const check = async (word: string, facts: object) => {
  await world.says("mona", word);
  return world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, ...facts } }) });
};
const driftCheck = async () => {
  const { drift_check_id } = await world.operation();
  return world.open.store.transaction((tx) => tx.driftCheck(drift_check_id ?? ""));
};
const checkRun = async (gate: string) =>
  (await world.effects("check")).findLast(({ name }) => name === `belay / production / ${gate}`);

describe("/drift", () => {
  beforeEach(() => begin());

  it("tells every row and file in its check, and points to it in the comment", async () => {
    const now = {
      ...measured({ posts: { "1": "Hello!", "3": "New" } }),
      files: { "wp-content/uploads": files({ "a.jpg": "1" }) },
    };
    await check("/drift", { fingerprint: now });

    const shown = await checkRun("drift");
    expect(shown).toMatchObject({
      conclusion: "failure",
      title: "production changed since its baseline for staging: posts, wp-content/uploads.",
    });
    expect(shown?.text).toContain("| `posts` | editorial | 2 → 2 | 1 | 1 | 1 | **yes** |");
    expect(shown?.text).toContain("- changed: `1`\n- removed: `2`\n- added: `3`");
    expect(shown?.text).toContain("- added: `a.jpg`");
    const comment = await world.comment();
    expect(comment).toContain("- `posts` (editorial): 1 row added, 1 row changed, 1 row removed");
    expect(comment).toContain("- Rows by key and files by path: see the check `belay / production / drift`.");
    expect(comment).not.toContain("changed: `1`");
  });

  it("keeps all of it in the record, with the environment's state in the same transaction", async () => {
    const many = (value: string) =>
      Object.fromEntries(Array.from({ length: 700 }, (_, at) => [String(at), value]));
    await check("/drift", { fingerprint: measured({ posts: many("a") }) });
    const row = await driftCheck();
    expect(row).toMatchObject({ status: "drifted", damaged: null });
    if (row === null) throw new Error("no record");
    const view = driftCheckView(row, true);
    expect(problemsOf("DriftCheck", view)).toBeNull();
    const [finding] = view.drift?.findings ?? [];
    expect([finding?.added, finding?.changed, finding?.keys.length]).toEqual([698, 2, 700]);
    const target = await world.open.store.transaction((tx) => tx.environment(row.environment_id));
    expect(target).toMatchObject({ drift_status: "drifted", last_drift_check_id: row.id });
    await expect(world.open.sql("update drift_checks set status = 'clean'")).rejects.toThrow("append-only");
  });

  it("reads every file anew with --full, and only then", async () => {
    const given: unknown[] = [];
    for (const word of ["/drift --full", "/drift"]) {
      await world.says("mona", word);
      await world.runs({
        drift_check: ({ full }) => {
          given.push(full);
          return { facts: { ...NOT_COMPARED, fingerprint: production } };
        },
      });
    }
    expect(given).toEqual([true, false]);
    expect(await world.says("mona", "/drift --fast")).toBe("command_argument");
    expect(await world.lastAnswer()).toContain("`/drift` takes only `--full`.");
  });
});

describe("a table that is too large for single rows", () => {
  const large = (rows: Record<string, string>, base = production) => ({
    ...base,
    tables: { ...base.tables, posts: table("editorial", {}, { parts: { editorial: part(rows, false) } }) },
  });
  const before = large({ "1": "a", "2": "a" });
  const told = (changes: RowChanges) => ({
    ...NOT_COMPARED,
    differences: { tables: { posts: { editorial: changes } }, files: {}, code: null },
  });
  const CHANGES: RowChanges = {
    ...{ added: 1, changed: 1, removed: 0 },
    keys: [
      { change: "~", key: "2" },
      { change: "+", key: "3" },
    ],
  };
  beforeEach(() => begin(EXAMPLE, before));

  it("is told by the host, which is asked by the baseline's digest", async () => {
    await world.says("mona", "/drift");
    await world.runs({
      drift_check: ({ baseline_index, baseline_options }) => {
        const digest = before.tables.posts?.parts.editorial?.digest;
        expect(baseline_index).toMatchObject({ tables: { posts: { editorial: digest } } });
        expect(baseline_options).toHaveProperty("theme_mods_acme");
        return { facts: { ...told(CHANGES), fingerprint: large({ "1": "a", "2": "b", "3": "a" }) } };
      },
    });
    expect((await checkRun("drift"))?.text).toContain("- changed: `2`\n- added: `3`");
  });

  it("is told of the source, too: what stays behind is counted and named", async () => {
    await world.says("mona", "/backup");
    await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
    await world.says("mona", "/plan");
    const worked = large({ "1": "a", "2": "b", "3": "a" }, staging);
    await world.runs({
      release_build: () => ({ facts: { ...built(worked, HEAD), ...told(CHANGES) } }),
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: before } }),
    });
    expect(await world.comment()).toContain(
      "- posts (editors' rows): 1 row added, 1 row changed: changed `2`, new `3`",
    );
  });

  it("is told before a refresh overwrites it", async () => {
    await world.says("mona", "/refresh");
    const source = large({ "1": "a", "2": "b", "3": "a" });
    await world.runs({
      drift_check: ({ target_environment }) =>
        target_environment === "production"
          ? { facts: { ...NOT_COMPARED, fingerprint: before } }
          : { facts: { ...told(CHANGES), fingerprint: source } },
      backup_create: () => ({ facts: backedUp(world.now()) }),
      env_refresh: () => ({ facts: { target: before, source: before, tables: [], files: 0 } }),
    });
    expect(await world.comment()).toContain(
      "posts (editors' rows): 1 row added, 1 row changed: changed `2`, new `3`",
    );
  });
});

describe("the platform's policy", () => {
  const orders = (rows: Record<string, string>) => ({
    ...production,
    tables: { ...production.tables, wc_orders: table("live", rows) },
  });
  const LIVE = EXAMPLE.replace("drift: strict", "drift: live");

  it("can forbid the mode live: the site's counts as strict, and the check says who can change that", async () => {
    await begin(LIVE, orders({ "1": "a" }));
    await check("/drift", { fingerprint: orders({ "1": "a", "2": "a" }) });
    expect(await world.checks()).toMatchObject({ drift: "success" });

    world.github.policy = "version: 1\ndefaults:\n  drift: {allow_live_mode: false}\n";
    await check("/drift", { fingerprint: orders({ "1": "a", "2": "a" }) });
    expect(await world.checks()).toMatchObject({ drift: "failure" });
    expect((await checkRun("drift"))?.summary).toContain(
      "The site's `drift: live` counts as `strict` here: the platform's policy forbids the mode `live`. Whoever may change `belay-policy.yml` in the owner's policy repository can allow it",
    );
  });

  it("can call a table append-only: new rows may come, old ones stay", async () => {
    await begin(LIVE, orders({ "1": "a" }));
    world.github.policy = 'version: 1\ndefaults:\n  drift: {append_only: ["wc_*"]}\n';
    await check("/drift", { fingerprint: orders({ "1": "a", "2": "a" }) });
    expect(await world.checks()).toMatchObject({ drift: "success" });
    await check("/drift", { fingerprint: orders({ "1": "b", "2": "a" }) });
    expect(await world.checks()).toMatchObject({ drift: "failure" });
    expect((await checkRun("drift"))?.summary).toContain("The policy calls `wc_orders` append-only");
  });

  it("is not needed to learn which mode would let visitors' rows pass", async () => {
    await begin(EXAMPLE, orders({ "1": "a" }));
    await check("/drift", { fingerprint: orders({ "1": "a", "2": "a" }) });
    expect((await checkRun("drift"))?.summary).toContain(
      "in drift mode `strict` that blocks too. Write `drift: live` under `promotion` in .github/belay.yml",
    );
  });
});

describe("options that both sides changed", () => {
  it("are shown with both values, as the hosts told them", async () => {
    const named = (blogname: string, base = production) => ({ ...base, options: options({ blogname }) });
    await begin(EXAMPLE, named("Shop"));
    await world.says("mona", "/backup");
    await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
    await world.says("mona", "/plan");
    const held = built(named("New shop", staging), HEAD);
    const manifest = { ...held.release.manifest, options: { blogname: "0123456789abcdef" } };
    const source = {
      ...held,
      release: { ...held.release, manifest },
      option_values: { blogname: "New @shop" },
    };
    await world.runs({
      release_build: () => ({ facts: source }),
      drift_check: () => ({
        facts: { ...NOT_COMPARED, fingerprint: named("Our shop"), option_values: { blogname: "Our shop" } },
      }),
    });
    const sentence = "`blogname` (source: `New @shop`, production: `Our shop`)";
    expect(await world.comment()).toContain(sentence);
    expect((await checkRun("release"))?.summary).toContain(sentence);
    expect(await world.comment()).toContain(
      "| `blogname` | config | **conflict** | `New @shop` | `Our shop` |",
    );
  });
});

describe("a damaged baseline", () => {
  const damage = async () => {
    await world.open.sql("set session_replication_role = replica");
    const posts = `replace(target::text, '"posts"', '"pages"')::json`;
    await world.open.sql(`update baselines set target = ${posts}`);
    await world.open.sql("set session_replication_role = origin");
  };
  const SENTENCE =
    "The stored baseline of staging and production is damaged, and nothing is judged by it: its content is not what was recorded.";
  beforeEach(() => begin());

  it.each(["/promote", "/plan", "/drift"])(
    "stops %s before anything runs, and says what to type",
    async (word) => {
      await damage();
      const runs = (await world.effects("dispatch")).length;
      expect(await world.says("mona", word)).toBe("blocked");
      expect(await world.effects("dispatch")).toHaveLength(runs);
      expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "BASELINE_UNREADABLE" });
      const comment = await world.comment();
      expect(comment).toContain(SENTENCE);
      expect(comment).toContain("Next: Comment `/refresh` to record a new one");
      expect(await world.checks()).toMatchObject({ drift: "failure" });
    },
  );

  it("is said by /status", async () => {
    await damage();
    await world.says("mona", "/status");
    expect(await world.lastAnswer()).toContain(SENTENCE);
  });

  it("stops a run that had begun, at its next job", async () => {
    await world.says("mona", "/plan");
    const job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
    await damage();
    expect(await world.claim(job)).toMatchObject({ kind: "refused", code: "BASELINE_UNREADABLE" });
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "BASELINE_UNREADABLE" });
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });

  it("stops a run whose facts come back, and judges them by nothing", async () => {
    await world.says("mona", "/drift");
    const job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
    await world.claim(job);
    await damage();
    await world.report(job, "drift_check", { facts: { ...NOT_COMPARED, fingerprint: production } });
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "BASELINE_UNREADABLE" });
    expect(await driftCheck()).toMatchObject({ status: "unknown" });
  });

  it("keeps nobody from a backup", async () => {
    await damage();
    expect(await world.says("mona", "/backup")).toBe("started");
  });

  it("is made good by /refresh, which then replaces all of the source", async () => {
    await damage();
    await world.says("mona", "/refresh");
    const run = await world.runs({
      drift_check: ({ target_environment }) => ({
        facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? production : staging },
      }),
      backup_create: () => ({ facts: backedUp(world.now()) }),
      env_refresh: () => ({ facts: { target: production, source: production, tables: [], files: 0 } }),
    });
    expect(run.result).toBe("succeeded");
    expect(await world.comment()).toContain("No baseline tells what the source changed");
    await check("/drift", { fingerprint: production });
    expect(await world.checks()).toMatchObject({ drift: "success" });
  });

  it("is made good by /baseline", async () => {
    await damage();
    expect(await world.says("mona", "/baseline")).toBe("started");
  });
});

it("a damaged record of a check is not judged: the API asks for a new one", async () => {
  await begin();
  await check("/drift", { fingerprint: production });
  await world.open.sql("set session_replication_role = replica");
  await world.open.sql("update drift_checks set checked_at = now()");
  await world.open.sql("set session_replication_role = origin");
  await world.says("mona", "/status");
  expect(await world.lastAnswer()).toContain(
    "The stored drift check of production is not judged: its content is not what was recorded. Comment `/drift` to compare again.",
  );
});
