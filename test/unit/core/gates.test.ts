import { describe, expect, it } from "vitest";
import * as backup from "../../../src/core/gates/backup.ts";
import * as drift from "../../../src/core/gates/drift.ts";
import * as promotion from "../../../src/core/gates/promotion.ts";
import * as release from "../../../src/core/gates/release.ts";
import { obstacles, settled, verdictOf } from "../../../src/core/verdict.ts";
import { PromotionState } from "../../../src/core/vocabulary.ts";
import type { DriftFinding, DriftVerdict, Plan } from "../../../src/core/wordpress/types.ts";

const NOW = "2026-03-01T12:00:00Z";
const HOUR = 3600;
const before = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();

describe("backup", () => {
  const proof = { tables: 12, rows: 3400, files: 1 };
  const taken = (age: number, more: Partial<backup.BackupFact> = {}): backup.BackupFact => ({
    id: `b${age}`,
    state: "completed",
    scope: "full",
    taken_at: before(age),
    proof,
    ...more,
  });
  const judge = (...backups: readonly backup.BackupFact[]) =>
    backup.evaluate({ target: "production", backups }, { now: NOW, max_age_s: 24 * HOUR });

  it("passes with a young, proven one", () => {
    expect(judge(taken(2 * HOUR))).toMatchObject({
      outcome: "pass",
      sentences: [
        "The last full backup of production is 2 h old (limit 24 h).",
        "It was restored and compared: 12 tables, 3400 rows, 1 file.",
      ],
    });
  });
  it("blocks one second over the limit, and not at it", () => {
    expect(judge(taken(24 * HOUR)).outcome).toBe("pass");
    expect(judge(taken(24 * HOUR + 1)).code).toBe("backup_stale");
  });
  it("says how old, the limit, and what to type", () => {
    expect(judge(taken(26 * HOUR))).toMatchObject({
      outcome: "block",
      sentences: ["Promotion to production is blocked: the last full backup is 26 h old (limit 24 h)."],
      remedy: "Comment `/backup` to take one, then `/promote` again.",
    });
  });
  it.each([
    ["failed", taken(1, { state: "failed" })],
    ["still running", taken(1, { state: "running", taken_at: null, proof: null })],
    ["expired", taken(1, { state: "expired" })],
    ["of the database only", taken(1, { scope: "db" })],
    ["without its proof", taken(1, { proof: null })],
  ])("counts none that is %s", (_name, fact) => {
    expect(judge(fact).code).toBe("backup_missing");
    expect(judge(fact, taken(HOUR)).outcome).toBe("pass");
  });
  it("takes the newest by when it was taken, not by the order of rows", () => {
    expect(judge(taken(30 * HOUR), taken(HOUR), taken(40 * HOUR)).outcome).toBe("pass");
  });
  it("blocks without any", () => {
    expect(judge().sentences).toEqual([
      "Promotion to production is blocked: there is no backup of production yet.",
    ]);
  });
});

describe("drift", () => {
  const finding = (name: string, blocking: boolean): DriftFinding => ({
    kind: "table",
    name,
    class: "editorial",
    blocking,
    note: `${name}: 1 row changed`,
    before: 2,
    now: 2,
    added: 0,
    changed: 1,
    removed: 0,
    keys: [{ change: "~", key: "17" }],
    ranges: [],
    append_only: null,
  });
  const verdict = (status: DriftVerdict["status"], ...findings: readonly DriftFinding[]): DriftVerdict => ({
    status,
    mode: "strict",
    findings,
    sentences: [],
  });
  const judge = (drifted: DriftVerdict | null, age = 0, max_age_s: number | null = null) =>
    drift.evaluate(
      {
        source: "staging",
        target: "production",
        has_baseline: true,
        damaged: null,
        check: { drift: drifted, checked_at: before(age), damaged: null },
      },
      { now: NOW, max_age_s },
    );

  it("passes when nothing changed", () => {
    expect(judge(verdict("clean"))).toMatchObject({ outcome: "pass", code: "drift_clean", remedy: null });
  });
  it("passes in live mode, saying what is reported", () => {
    expect(judge(verdict("clean", finding("comments", false))).sentences).toEqual([
      "Protected data of production equals the baseline (1 difference in live data reported, not blocking).",
    ]);
  });
  it("blocks what changed, names it, and sends to /refresh", () => {
    const outcome = judge(verdict("drifted", finding("posts", true), finding("comments", false)));
    expect(outcome).toMatchObject({ outcome: "block", code: "drift_drifted" });
    expect(outcome.sentences[0]).toBe("production changed since its baseline for staging: `posts`.");
    expect(outcome.remedy).toContain("Comment `/refresh`");
    expect(outcome.details?.map(({ sentence }) => sentence)).toEqual([
      "`posts` (editorial): 1 row changed",
      "`comments` (editorial): 1 row changed (reported, not blocking)",
      "Rows by key and files by path: see the check `belay / production / drift`.",
    ]);
  });
  it("blocks without a baseline, and waits without a check", () => {
    const names = { source: "staging", target: "production", damaged: null };
    const settings = { now: NOW, max_age_s: null };
    expect(drift.evaluate({ ...names, has_baseline: false, check: null }, settings)).toMatchObject({
      outcome: "block",
      code: "drift_unknown",
    });
    expect(drift.evaluate({ ...names, has_baseline: true, check: null }, settings)).toMatchObject({
      outcome: "wait",
      code: "drift_pending",
    });
  });
  it("judges nothing by a damaged baseline or record, whatever they say", () => {
    const facts = { source: "staging", target: "production", has_baseline: true, damaged: null };
    const check = { drift: verdict("clean"), checked_at: NOW, damaged: null };
    const settings = { now: NOW, max_age_s: null };
    expect(
      drift.evaluate({ ...facts, damaged: "its content is not what was recorded", check }, settings),
    ).toEqual({
      gate: "drift",
      outcome: "block",
      code: "BASELINE_UNREADABLE",
      sentences: [
        "The stored baseline of staging and production is damaged, and nothing is judged by it: its content is not what was recorded.",
      ],
      remedy:
        "Comment `/refresh` to record a new one (a backup of staging is taken first), or `/baseline` to declare one. Ask whoever runs the bot what happened to its store.",
    });
    const record = { ...check, damaged: "its content is not what was recorded" };
    expect(drift.evaluate({ ...facts, check: record }, settings)).toMatchObject({
      outcome: "block",
      code: "DRIFT_CHECK_UNREADABLE",
      sentences: [
        "The stored drift check of production is not judged: its content is not what was recorded.",
      ],
    });
  });
  it("blocks what could not be compared", () => {
    expect(judge(verdict("unknown")).outcome).toBe("block");
    expect(judge(null).outcome).toBe("block");
  });
  it("does not judge a check that is too old, even a clean one", () => {
    expect(judge(verdict("clean"), 900, 900).outcome).toBe("pass");
    expect(judge(verdict("clean"), 901, 900)).toMatchObject({ outcome: "wait", code: "drift_stale" });
  });
});

describe("release", () => {
  const HEAD = "a".repeat(40);
  const PARENT = "b".repeat(40);
  const plan = (blocks: Plan["blocks"] = []): Plan => ({
    tables: [],
    options: [],
    code: {
      changed: true,
      files: { source: 1, target: 1 },
      edits: [],
      changes: { files: [], counts: { promote: 0, keep: 0, conflict: 0, same: 0 }, complete: true },
      wordpress: { source: "6.5", target: "6.5" },
    },
    left_behind: [],
    summary: {
      tables: { promote: 1, protect: 0, keep: 0, conflict: 0, unclassified: 0, absent: 0 },
      options: { promote: 2, keep: 0, conflict: 0 },
      flagged_options: 0,
      left_behind: 0,
    },
    blocks,
    warnings: [],
    job: {
      promote_tables: [],
      target_tables: [],
      append_only_tables: {},
      promote_options: [],
      expected_tables: {},
      expected_options: {},
    },
  });
  const judge = (
    commit: string | null,
    given: Plan | null,
    { built_from_git = true, active_release = "0".repeat(12) } = {},
  ) =>
    release.evaluate(
      {
        source: "staging",
        target: "production",
        head_sha: HEAD,
        head_parents: [PARENT],
        release: { digest: "f".repeat(64), commit },
        plan: given,
        active_release,
      },
      { built_from_git },
    );

  it.each([HEAD, PARENT])("passes for the bound head and its parent (%s)", (commit) => {
    expect(judge(commit, plan())).toMatchObject({
      outcome: "pass",
      sentences: ["The release `ffffffffffff` of staging can go to production: code, 1 table, 2 options."],
    });
  });
  it("blocks another commit, and none", () => {
    expect(judge("c".repeat(40), plan())).toMatchObject({ outcome: "block", code: "release_other_commit" });
    expect(judge(null, plan())).toMatchObject({ outcome: "block", code: "release_without_commit" });
  });
  it("does not ask for a commit where the site says so", () => {
    expect(judge(null, plan(), { built_from_git: false }).outcome).toBe("pass");
  });
  it("blocks what the plan blocks, with its remedy", () => {
    const blocks = [
      { code: "table_conflict", text: "`acme_widgets` changed on both sides.", remedy: "Make both equal." },
      { code: "unclassified_tables", text: "Nobody knows `x`.", remedy: null },
    ];
    const outcome = judge(HEAD, plan(blocks));
    expect(outcome).toMatchObject({ outcome: "block", code: "table_conflict" });
    expect(outcome.remedy).toBe(
      "Make both equal. What else is in the way (1) stands in the details, with its remedy.",
    );
  });
  it("blocks the very release that the target runs, before anything else that is in the way", () => {
    const active = { active_release: "f".repeat(12) };
    const outcome = judge(HEAD, plan([{ code: "x", text: "x", remedy: null }]), active);
    expect(outcome).toMatchObject({ outcome: "block", code: "release_already_active" });
    expect(outcome.sentences).toEqual([
      "production runs exactly this release `ffffffffffff` already; there is nothing to promote.",
    ]);
    expect(judge(HEAD, null, active).code).toBe("plan_pending");
  });
  it("waits for the plan, and for the release", () => {
    expect(judge(HEAD, null).code).toBe("plan_pending");
  });
});

describe("promotion", () => {
  const judge = (state: PromotionState | null) =>
    promotion.evaluate({
      source: "staging",
      target: "production",
      promotion: state === null ? null : { state, message: null },
    });

  it("is green in one state only", () => {
    expect(PromotionState.options.filter((state) => judge(state).outcome === "pass")).toEqual(["succeeded"]);
    expect(judge(null)).toMatchObject({ outcome: "wait", code: "not_promoted" });
  });
  it("says what to type whenever it is red", () => {
    for (const state of PromotionState.options) {
      const outcome = judge(state);
      if (outcome.outcome === "block") expect(outcome.remedy).not.toBeNull();
    }
  });
});

describe("a verdict", () => {
  const gate = (outcome: "pass" | "wait" | "block", remedy: string | null = null) => ({
    gate: "drift" as const,
    outcome,
    code: outcome,
    sentences: [outcome],
    remedy,
  });
  it("blocks if one blocks, waits if one waits, and never passes with none", () => {
    expect(verdictOf([gate("pass"), gate("wait"), gate("block")]).outcome).toBe("block");
    expect(verdictOf([gate("pass"), gate("wait")]).outcome).toBe("wait");
    expect(verdictOf([gate("pass")]).outcome).toBe("pass");
    expect(verdictOf([]).outcome).toBe("wait");
  });
  it("names the blocking gates first", () => {
    expect(
      obstacles(verdictOf([gate("wait"), gate("pass"), gate("block")])).map((one) => one.outcome),
    ).toEqual(["block", "wait"]);
  });
  it("once nothing runs, what waits is waiting for a person", () => {
    const done = settled(
      verdictOf([gate("wait"), gate("wait", "Do this."), gate("pass")]),
      "Comment `/promote`.",
    );
    expect(done.gates.map((one) => one.remedy)).toEqual(["Comment `/promote`.", "Do this.", null]);
  });
});

describe("a promotion of which nobody knows how it ended", () => {
  it("names no cause but the one that is on record", () => {
    const why = "The bot's store was put back from a backup.";
    const { sentences } = promotion.evaluate({
      ...{ source: "staging", target: "production" },
      promotion: { state: "unknown", message: why },
    });
    expect(sentences).toEqual([
      "Whether the promotion to production happened is unknown. The lock stays.",
      why,
    ]);
  });
});
