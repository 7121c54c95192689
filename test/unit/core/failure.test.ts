import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { failureOf } from "../../../src/core/failure.ts";
import { milestoneOf, SWITCH, UNDO } from "../../../src/core/milestones.ts";
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

const failure = (more: Partial<Report>, type: JobType = "env_promote", kind: OperationKind = "promote") => {
  const { event, broken } = failureOf({ kind, source: "staging", target: "production" }, type, report(more));
  return broken ? `${event}, broken` : event;
};

const UNDO_STEP = "Clean up, or go back to the release before";

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
        steps: [step("Switch to the release"), step(UNDO_STEP)],
      }),
    ).toBe("rolled_back");
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

describe("other jobs that failed", () => {
  it("a look is a definite no, whatever happened", () => {
    expect(failure({ error_code: "JOB_TIMEOUT" }, "drift_check")).toBe("failed");
  });
  it("a refresh leaves the source half done", () => {
    expect(failure({}, "env_refresh", "refresh")).toBe("failed, broken");
    expect(failure({ error_code: "REFRESH_FILES_KEPT" }, "env_refresh", "refresh")).toBe("failed, broken");
  });
  it("unless it was refused before anything of the source was changed", () => {
    expect(failure({ error_code: "REFRESH_OVERTAKEN" }, "env_refresh", "refresh")).toBe("failed");
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
    expect(tasks.filter((name) => UNDO.test(name))).toHaveLength(role === "env_promote" ? 1 : 0);
  });
});
