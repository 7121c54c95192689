import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AuditRecord,
  anchorFaults,
  anchorText,
  chainAudit,
  NOTHING_READ,
  parseAnchor,
  readAudit,
} from "../../../src/core/audit.ts";
import { canonicalJson, digestOf } from "../../../src/core/canonical.ts";
import { showDuration } from "../../../src/core/duration.ts";
import { dispatch, type Effect, streamOf, supersedes } from "../../../src/core/effects.ts";
import { touchesNothingPromoted } from "../../../src/core/harmless.ts";
import { grantLock, isGranted } from "../../../src/core/lock.ts";
import { heldSides, jobsOf } from "../../../src/core/operations.ts";
import { addEvent, currentStep, jobDone, secondsLeft, startProgress } from "../../../src/core/progress.ts";
import { progressSection } from "../../../src/core/rendering/progress.ts";
import type { JobEvent, Report } from "../../../src/core/report.ts";
import { resultFacts, switchFacts } from "../../../src/core/result-facts.ts";
import { environmentStillFits } from "../../../src/core/still-fits.ts";

describe("canonical JSON", () => {
  it("is the same for equal values, whatever the order of keys", () => {
    expect(canonicalJson({ b: [1, null, undefined], a: { d: "ü", c: undefined } })).toBe(
      '{"a":{"d":"ü"},"b":[1,null,null]}',
    );
    expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
  });
  it("reads back as what was written", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
  it("refuses what JSON cannot say", () => {
    expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
    expect(() => canonicalJson(() => 1)).toThrow(TypeError);
  });
});

describe("the audit log", () => {
  const entry = (reason: string) => ({
    actor: "bot",
    action: "promote.blocked",
    subject: "operation:1",
    site_id: null,
    reason,
    details: { a: 1 },
    at: "2026-03-01T10:00:00.000Z",
  });
  const chain = (n: number): readonly AuditRecord[] => {
    const records: AuditRecord[] = [];
    for (let at = 0; at < n; at++) records.push(chainAudit(records.at(-1) ?? null, entry(`reason ${at}`)));
    return records;
  };
  const read = (records: readonly AuditRecord[]) => records.reduce(readAudit, NOTHING_READ);
  const told = (records: readonly AuditRecord[]) => read(records).faults.map(({ message }) => message);
  it("holds", () => {
    expect(read(chain(5))).toMatchObject({ faults: [], records: 5, last: { seq: 5 } });
  });
  it("shows a changed, a missing and a swapped record, each once", () => {
    const records = chain(5);
    expect(
      told(records.map((one) => (one.seq === 3 ? { ...one, reason: "nothing happened" } : one))),
    ).toEqual(["Record 3 was changed: its content does not have its hash."]);
    expect(told(records.filter((one) => one.seq !== 2))).toEqual([
      "Records 2 to 2 are missing before record 3.",
    ]);
    expect(told([...records.slice(0, 2), ...records.slice(2).reverse()])).toEqual([
      "Records 3 to 4 are missing before record 5.",
      "Record 4 stands after record 5.",
      "Record 3 stands after record 4.",
    ]);
  });
  it("shows a record that was changed together with its hash", () => {
    const records = chain(3);
    const [first] = chain(1);
    if (first === undefined) throw new Error("no record");
    const forged = chainAudit(first, { ...entry("forged"), at: "2026-03-01T11:00:00.000Z" });
    expect(told(records.map((one) => (one.seq === 2 ? forged : one)))).toEqual([
      "Record 3 does not follow from record 2: one of the two was written anew.",
    ]);
  });
  it("cannot be cut off or written anew where somebody else remembers it", () => {
    const records = chain(5);
    const hashes = (some: readonly AuditRecord[]) => new Map(some.map(({ seq, hash }) => [seq, hash]));
    const anchor = parseAnchor(anchorText(records[4] ?? { seq: 0, hash: "" }), "the tag belay/audit/5");
    if (anchor === null) throw new Error("an anchor does not read back");
    expect(anchorFaults(read(records), hashes(records), [anchor])).toEqual([]);
    const cut = records.slice(0, 3);
    expect(anchorFaults(read(cut), hashes(cut), [anchor])).toEqual([
      {
        seq: 5,
        message:
          "The log ends at record 3, but the tag belay/audit/5 says that record 5 existed: its end was cut off.",
      },
    ]);
    const anew: AuditRecord[] = [];
    for (let at = 0; at < 5; at++) anew.push(chainAudit(anew.at(-1) ?? null, entry(`other ${at}`)));
    expect(told(anew)).toEqual([]);
    expect(anchorFaults(read(anew), hashes(anew), [anchor])).toHaveLength(1);
  });
});

it("durations keep two digits of meaning", () => {
  expect([0, 90, 120, 7199, 7200, 26 * 3600, 3 * 86_400].map(showDuration)).toEqual([
    "0 s",
    "90 s",
    "2 min",
    "119 min",
    "2 h",
    "26 h",
    "3 d",
  ]);
});

describe("effects", () => {
  it("only the holder of a lock can dispatch, and in its own name", () => {
    const lock = grantLock("op", ["a"]);
    const inputs = { job: "j", nonce: "n", environment: "production" };
    expect(dispatch(lock, { workflow: "belay.yml", ref: "main", nonce: "n", inputs })).toMatchObject({
      kind: "dispatch",
      operation_id: "op",
    });
    expect(isGranted(lock)).toBe(true);
    expect(isGranted({ by: "operation", held_by: "other", environment_id: "a", since: "" })).toBe(false);
  });
  it("edits of one thing are one stream, in which the newest counts; answers and statuses all count", () => {
    const comment = (body: string): Effect => ({ kind: "comment", pull_request: 7, marker: "m", body });
    expect(streamOf(comment("a"))).toBe(streamOf(comment("b")));
    expect(supersedes(comment("a"))).toBe(true);
    const status: Effect = {
      kind: "deployment_status",
      operation_id: "op",
      state: "success",
      description: "",
      environment_url: "",
    };
    const made: Effect = {
      kind: "deployment",
      operation_id: "op",
      sha: "",
      environment: "",
      production: true,
      description: "",
    };
    expect(streamOf(status)).toBe(streamOf(made));
    expect(supersedes(status)).toBe(false);
  });
});

it("only workflow files and documentation are harmless, and only when all paths are known", () => {
  const judge = (paths: readonly string[], complete = true) => touchesNothingPromoted({ paths, complete });
  expect(judge([".github/belay.yml", "docs/x/y.md", "README.md", "LICENSE"])).toBe(true);
  expect(judge(["wp-content/plugins/a/readme.md"])).toBe(false);
  expect(judge(["README.md"], false)).toBe(false);
});

describe("operations", () => {
  it("a refresh looks at both sides and backs the source up before it overwrites it", () => {
    expect(jobsOf("refresh", false).map((job) => `${job.type} ${job.on}`)).toEqual([
      "drift_check target",
      "drift_check source",
      "backup_create source",
      "env_refresh source",
    ]);
    const clone = jobsOf("refresh", true).map((job) => job.type);
    expect(clone).toEqual(["drift_check", "drift_check", "env_refresh"]);
  });
  it("what reads or writes both sides holds both", () => {
    expect(heldSides("promote")).toEqual(["source", "target"]);
    expect(heldSides("backup")).toEqual(["target"]);
  });
});

describe("progress", () => {
  const event = (more: Partial<JobEvent>): JobEvent => ({
    at: "2026-03-01T10:00:00Z",
    event: "step_started",
    step: "Load",
    ...more,
  });
  it("follows steps, also when their beginning was lost, and repeated ones change nothing", () => {
    let progress = startProgress(["release_build", "env_promote"]);
    progress = addEvent(progress, "release_build", event({}));
    expect(currentStep(progress)?.name).toBe("Load");
    progress = addEvent(
      progress,
      "release_build",
      event({ event: "step_finished", status: "ok", seconds: 2 }),
    );
    progress = addEvent(progress, "release_build", event({}));
    progress = addEvent(
      progress,
      "release_build",
      event({ step: "Pack", event: "step_finished", status: "failed" }),
    );
    expect(progress.steps.map((step) => [step.name, step.status])).toEqual([
      ["Load", "ok"],
      ["Pack", "failed"],
    ]);
    expect(jobDone(jobDone(jobDone(progress))).done).toBe(2);
  });
  it("tells how long it still takes by how long the same steps took before", () => {
    const finished = (step: string, seconds: number) =>
      event({ step, event: "step_finished", status: "ok", seconds });
    let before = startProgress(["release_build", "env_promote"]);
    before = addEvent(before, "release_build", finished("Load", 10));
    before = jobDone(jobDone(addEvent(before, "env_promote", finished("Switch", 50))));
    let progress = startProgress(["release_build", "env_promote"]);
    expect(secondsLeft(progress, null)).toBeNull();
    expect(secondsLeft(progress, startProgress(["release_build"]))).toBeNull();
    expect(secondsLeft(progress, before)).toBe(60);
    progress = addEvent(progress, "release_build", event({}));
    expect(secondsLeft(progress, before)).toBe(60);
    progress = addEvent(progress, "release_build", finished("Load", 90));
    expect(secondsLeft(progress, before)).toBe(50);
    progress = jobDone(progress);
    expect(progressSection(progress, secondsLeft(progress, before))).toContain("promote · about 50 s left");
    expect(secondsLeft(jobDone(progress), before)).toBe(0);
    expect(progressSection(progress, null)).not.toContain("left");
  });
  it("keeps the last notes only", () => {
    let progress = startProgress([]);
    for (let at = 0; at < 30; at++)
      progress = addEvent(progress, "env_promote", event({ event: "note", message: `note ${at}` }));
    expect(progress.notes).toHaveLength(10);
    expect(progress.notes.at(-1)).toBe("note 29");
  });
});

describe("what a claim reads again", () => {
  const facts = {
    kind: "promote" as const,
    has_pull_request: true,
    head_sha: "a",
    settings_digest: "d",
    branches: { head: "staging", base: "production" },
    pull_request: { state: "open" as const, head_sha: "a", base_ref: "production" },
    digest_now: "d",
  };
  const pull = (more: object) => ({ ...facts, pull_request: { ...facts.pull_request, ...more } });
  it("goes on only while nothing changed", () => {
    expect(environmentStillFits(facts)).toBeNull();
    expect(environmentStillFits(pull({ head_sha: "b" }))).toContain("moved");
    expect(environmentStillFits(pull({ state: "merged" }))).toContain("closed");
    expect(environmentStillFits(pull({ base_ref: "main" }))).toContain("base");
    expect(environmentStillFits({ ...facts, digest_now: null })).toContain("belay.yml");
    expect(environmentStillFits({ ...facts, pull_request: null })).toContain("gone");
  });
  it("a rollback goes on whatever became of the pull request; a backup whatever became of the head", () => {
    expect(
      environmentStillFits({ ...pull({ state: "merged", head_sha: "b" }), kind: "rollback" }),
    ).toBeNull();
    expect(environmentStillFits({ ...pull({ head_sha: "b" }), kind: "backup" })).toBeNull();
  });
});

it("facts of a failed job are read as far as they can be", () => {
  const id = "00000000-0000-4000-8000-000000000001";
  const at = "2026-03-01T10:00:00Z";
  const report: Report = {
    schema: 1,
    job_id: id,
    job_type: "env_promote",
    operation_id: id,
    status: "failed",
    started_at: at,
    finished_at: at,
    steps: [],
    facts: { health: "none", late_rows: { posts: 1 }, activated: true, rolled_back: 3 },
  };
  expect(resultFacts(report)).toMatchObject({
    health: [],
    restored_health: [],
    switch: null,
    late_rows: { posts: 1 },
  });
  expect(switchFacts(report)).toEqual({ activated: true, late_rows: { posts: 1 } });
  expect(resultFacts(null).health).toEqual([]);
});
