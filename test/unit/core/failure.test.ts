import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { failureOf } from "../../../src/core/failure.ts";
import { HEALTH_BACK, milestoneOf, SWITCH, UNDO } from "../../../src/core/milestones.ts";
import type { Report } from "../../../src/core/report.ts";
import type { JobType, OperationKind } from "../../../src/core/vocabulary.ts";

const ID = "00000000-0000-4000-8000-000000000001";
type Step = Report["steps"][number];
const step = (name: string, status: Step["status"] = "ok"): Step => ({ name, status, seconds: 1 });

function report(more: Partial<Report>): Report {
  return {
    schema: 1,
    job_id: ID,
    job_type: "env_promote",
    operation_id: ID,
    status: "failed",
    error_code: "HEALTH_FAILED",
    error_message: "The page / is empty.",
    started_at: "2026-03-01T10:00:00Z",
    finished_at: "2026-03-01T10:00:00Z",
    steps: [],
    facts: {},
    ...more,
  };
}

const NAMES = { source: "staging", target: "production" };
const failure = (more: Partial<Report>, type: JobType = "env_promote", kind: OperationKind = "promote") => {
  const { event, broken } = failureOf({ kind, ...NAMES }, type, report(more));
  return broken ? `${event}, broken` : event;
};
const message = (more: Partial<Report>) =>
  failureOf({ kind: "promote", ...NAMES }, "env_promote", report(more)).message;

const UNDO_STEP = "Clean up, or go back to the release before";
const HEALTH_BACK_STEP = "Check the health of the release before";
const CHECK_STEP = "Check that the target can take the release";

describe("a promotion that failed", () => {
  it("before the switch: a definite no", () => {
    expect(
      failure({
        facts: { activated: false },
        steps: [step("Check that the target can take the release", "failed")],
      }),
    ).toBe("failed");
  });
  it("and was undone by the host: rolled back", () => {
    expect(
      failure({
        facts: { activated: true, rolled_back: true },
        steps: [step("Switch to the release"), step(UNDO_STEP), step(HEALTH_BACK_STEP)],
      }),
    ).toBe("rolled_back");
  });
  it.each([
    ["is not healthy there", "failed", [{ check: "GET /", ok: false, detail: "500", seconds: 1 }]],
    ["could not be looked at there", "unreachable", undefined],
    ["was not looked at there, because clearing its caches failed", null, undefined],
  ] as const)("and %s: rolled back, and the environment is broken", (_, status, restored_health) => {
    const steps = [
      step("Switch to the release"),
      step(UNDO_STEP),
      ...(status === null ? [] : [step(HEALTH_BACK_STEP, status)]),
    ];
    const facts = { activated: true, rolled_back: true, restored_health };
    expect(failure({ facts, steps })).toBe("rolled_back, broken");
    expect(message({ facts, steps })).toMatch(/not healthy there either|look at production now/);
  });
  it("and could not be undone: unknown", () => {
    const steps = [step("Switch to the release"), step(UNDO_STEP, "unreachable")];
    expect(failure({ facts: { activated: true, rolled_back: false }, steps })).toBe("lost");
  });
  it.each(["ANSIBLE_HOST_UNREACHABLE", "JOB_CANCELLED"])(
    "after the switch by %s, and neither confirmed nor taken back: unknown, since the host goes back by itself",
    (error_code) => {
      const steps = [step("Switch to the release"), step("Check the health of the target", "unreachable")];
      const facts = { activated: true, rolled_back: false };
      expect(failure({ facts, steps, error_code })).toBe("lost");
      expect(failure({ facts, steps, error_code, status: "cancelled" })).toBe("lost");
    },
  );
  it("and was taken back by the host itself, as a later run is told: rolled back", () => {
    const facts = { activated: true, rolled_back: true, reverted_by_watchdog: true };
    const steps = [step("Check that the target can take the release", "failed")];
    expect(failure({ facts, steps, error_code: "REVERTED_BY_WATCHDOG" })).toBe("rolled_back");
  });
  it("after the switch, and the host says that it stays: broken", () => {
    expect(
      failure({
        facts: { activated: true, rolled_back: false },
        steps: [step("Switch to the release"), step(UNDO_STEP)],
      }),
    ).toBe("failed, broken");
  });
  it("in the switch itself, out of sight: unknown, although nothing was activated before it", () => {
    const steps = [step("Switch to the release", "unreachable")];
    expect(failure({ facts: { activated: false }, steps, error_code: "ANSIBLE_HOST_UNREACHABLE" })).toBe(
      "lost",
    );
  });
  it.each(["JOB_TIMEOUT", "SWITCH_UNKNOWN", "ANSIBLE_UNKNOWN_EXIT"])("by %s: unknown", (error_code) => {
    expect(failure({ facts: { activated: false }, error_code })).toBe("lost");
  });
  it("because the host could not be reached at all: a definite no", () => {
    const steps = [step("Check that the target can take the release", "unreachable")];
    expect(failure({ steps, error_code: "ANSIBLE_HOST_UNREACHABLE" })).toBe("failed");
  });
  it("because somebody stopped it", () => {
    expect(failure({ status: "cancelled", facts: { activated: false } })).toBe("cancelled");
  });
});

describe("a report that was made up, because the playbook left none", () => {
  it.each([
    "ANSIBLE_HOST_FAILED",
    "ANSIBLE_HOST_UNREACHABLE",
    "ANSIBLE_UNEXPECTED_ERROR",
    "ANSIBLE_UNKNOWN_EXIT",
  ])("by %s tells nothing of a job that changes something", (error_code) => {
    expect(failure({ error_code })).toBe("lost");
    expect(failure({ error_code }, "release_rollback", "rollback")).toBe("lost");
    expect(failure({ error_code }, "env_refresh", "refresh")).toBe("lost");
    expect(failure({ error_code }, "drift_check", "drift")).toBe("failed");
  });
  it.each(["ANSIBLE_SYNTAX_ERROR", "ANSIBLE_MISSING", "HOST_UNKNOWN"])(
    "by %s is a definite no: no step had begun",
    (error_code) => {
      expect(failure({ error_code })).toBe("failed");
      expect(failure({ error_code }, "release_rollback", "rollback")).toBe("failed");
      expect(failure({ error_code }, "env_refresh", "refresh")).toBe("failed");
    },
  );
  it("is not believed against what the run had told on its way", () => {
    const made = report({ error_code: "ANSIBLE_SYNTAX_ERROR" });
    expect(failureOf({ kind: "promote", ...NAMES }, "env_promote", made, true).event).toBe("lost");
  });
  it("with the steps that were seen: unknown from the switch on, a definite no before it", () => {
    const error_code = "ANSIBLE_UNEXPECTED_ERROR";
    const seen = (...more: readonly Step[]) => ({ error_code, steps: [step(CHECK_STEP), ...more] });
    expect(failure(seen(step("Load the shadow tables beside the live ones", "unreachable")))).toBe("failed");
    expect(failure(seen(step("Switch to the release", "unreachable")))).toBe("lost");
    expect(failure(seen(step("Switch to the release")))).toBe("lost");
    expect(failure(seen(step("Switch to the release"), step(UNDO_STEP)))).toBe("lost");
  });
});

describe("a rollback whose switch failed", () => {
  const steps = [step("Check that the target can go back"), step("Switch back to the release", "failed")];
  const rollback = (more: Partial<Report>) => failure({ steps, ...more }, "release_rollback", "rollback");
  it("is a definite no only where the host says that nothing was switched", () => {
    expect(rollback({ error_code: "HOLD_NOT_DRAINED", facts: { activated: false } })).toBe("failed");
    expect(rollback({ error_code: "RELEASE_CHANGED", facts: { activated: false } })).toBe("failed");
  });
  it.each(["DATABASE_LOST", "SQL_ERROR", "HOST_PROCESS_ENDED", "HOST_UNEXPECTED"])(
    "with %s and without a word of it is unknown",
    (error_code) => expect(rollback({ error_code, facts: { release: "aaaaaaaaaaaa" } })).toBe("lost"),
  );
  it("and was refused before it came there is a definite no", () => {
    const refused = [step("Check that the target can go back", "failed")];
    expect(rollback({ error_code: "RELEASE_NOT_KEPT", steps: refused })).toBe("failed");
  });
});

describe("the sentence of a rollback by itself", () => {
  const facts = { activated: true, rolled_back: true, previous_release: "aaaaaaaaaaaa" };
  const steps = [step("Switch to the release"), step(UNDO_STEP), step(HEALTH_BACK_STEP)];
  it.each([
    ["HEALTH_FAILED", "because it was found unhealthy;"],
    ["CONFLICT_AFTER_SWITCH", "because something else had written to what it replaced;"],
    ["MIGRATION_FAILED", "because the upgrade of its tables failed;"],
    ["ACTIVATION_FAILED", "because a plugin's activation hook failed;"],
    ["REVERTED_BY_WATCHDOG", "because nobody confirmed it in time;"],
    ["HOST_UNEXPECTED", "because a step after the switch failed;"],
  ])("after %s says so", (error_code, words) => {
    const said = message({ facts, steps, error_code });
    expect(said).toContain(words);
    expect(said.includes("unhealthy")).toBe(error_code === "HEALTH_FAILED");
    expect(said).toContain("production runs `aaaaaaaaaaaa` again. It is healthy there.");
  });
  it("says what was written meanwhile, and where it is", () => {
    expect(message({ facts: { ...facts, late_rows: { acme_widgets: 3, options: 0 } }, steps })).toContain(
      "at least 3 rows written meanwhile to `acme_widgets` (3) left with the release",
    );
    expect(message({ facts: { ...facts, late_rows: {} }, steps })).toContain("nothing was written meanwhile");
    expect(message({ facts, steps })).toContain(
      "what was written meanwhile to replaced tables and promoted options left with the release.",
    );
  });
});

describe("other jobs that failed", () => {
  it("a look is a definite no, whatever happened", () => {
    expect(failure({ error_code: "JOB_TIMEOUT" }, "drift_check")).toBe("failed");
  });
  it("a refresh leaves the source half done", () => {
    const steps = [step("Refresh the source", "failed")];
    expect(failure({ steps }, "env_refresh", "refresh")).toBe("failed, broken");
    const kept = { error_code: "REFRESH_FILES_KEPT", steps };
    expect(failure(kept, "env_refresh", "refresh")).toBe("failed, broken");
  });
  it("a refresh that the runner lost sight of may go on: unknown", () => {
    const steps = [step("Refresh the source", "unreachable")];
    expect(failure({ steps, error_code: "ANSIBLE_TIMEOUT" }, "env_refresh", "refresh")).toBe("lost");
  });
  it("unless it was refused before anything of the source was changed", () => {
    const steps = [step("Refresh the source", "failed")];
    expect(failure({ error_code: "REFRESH_OVERTAKEN", steps }, "env_refresh", "refresh")).toBe("failed");
  });
});

describe("the names of steps", () => {
  const tasksOf = (role: string): readonly string[] => {
    const file = join(import.meta.dirname, "../../../ansible/roles", role, "tasks/main.yml");
    return names(parse(readFileSync(file, "utf8")));
  };
  const names = (tasks: unknown): readonly string[] => {
    if (!Array.isArray(tasks)) return [];
    return tasks.flatMap((task: Readonly<Record<string, unknown>>) => [
      ...(typeof task.name === "string" ? [task.name] : []),
      ...names(task.block),
      ...names(task.rescue),
    ]);
  };

  it.each(["env_promote", "release_rollback"] as const)("are those of the role %s", (role) => {
    const tasks = tasksOf(role);
    const at = "2026-03-01T10:00:00Z";
    const ends = tasks.map((name) =>
      milestoneOf(role, { at, event: "step_finished", step: name, status: "ok" }),
    );
    const begins = tasks.map((name) => milestoneOf(role, { at, event: "step_started", step: name }));
    expect(ends.filter((event) => event === "activated")).toHaveLength(1);
    expect(begins.filter((event) => event === "verifying")).toHaveLength(1);
    expect(tasks.filter((name) => SWITCH.test(name))).toHaveLength(1);
    const undoing = role === "env_promote" ? 1 : 0;
    expect(tasks.filter((name) => UNDO.test(name))).toHaveLength(undoing);
    expect(tasks.filter((name) => HEALTH_BACK.test(name))).toHaveLength(undoing);
  });
});
