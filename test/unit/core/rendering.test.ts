import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/core/commands.ts";
import { gatesOf } from "../../../src/core/judgement.ts";
import { SHIPPED_POLICY } from "../../../src/core/policy.ts";
import { addEvent, jobDone, startProgress } from "../../../src/core/progress.ts";
import { badConfig, renderAnswer } from "../../../src/core/rendering/answers.ts";
import { CHECK_LIMIT, COMMENT_LIMIT, cap, capLine } from "../../../src/core/rendering/cap.ts";
import { conclusionOf, renderCheck } from "../../../src/core/rendering/check.ts";
import { inert } from "../../../src/core/rendering/escape.ts";
import { renderHelp } from "../../../src/core/rendering/help.ts";
import { NO_RESULT, type OperationView, renderOperation } from "../../../src/core/rendering/operation.ts";
import type { GateOutcome } from "../../../src/core/verdict.ts";
import type { Plan } from "../../../src/core/wordpress/types.ts";
import { dangers, HOSTILE, withoutFences } from "./dangers.ts";

const gate = (more: Partial<GateOutcome> = {}): GateOutcome => ({
  gate: "drift",
  outcome: "block",
  code: "drift_drifted",
  sentences: ["production changed: `posts`."],
  remedy: "Comment `/refresh`.",
  ...more,
});

const view = (more: Partial<OperationView> = {}): OperationView => ({
  id: "00000000-0000-4000-8000-000000000001",
  kind: "promote",
  state: "checking",
  source: "staging",
  target: "production",
  head_sha: "a".repeat(40),
  requested_by: "mona",
  requested_at: "2026-03-01T10:00:00Z",
  progress: startProgress(["release_build", "drift_check", "env_promote"]),
  seconds_left: null,
  verdict: null,
  plan: null,
  refresh: null,
  comparison: null,
  message: null,
  next: null,
  run_url: null,
  result: NO_RESULT,
  ...more,
});

describe("a sentence", () => {
  it("keeps its code and its words", () => {
    expect(inert("Comment `/backup` to take one.")).toBe("Comment `/backup` to take one.");
    expect(inert("The limit is 24 h (policy).")).toBe("The limit is 24 h (policy).");
  });
  it.each(HOSTILE)("takes the danger from %j, in code and outside", (value) => {
    for (const sentence of [inert(`Before ${value} after.`), inert(`Before \`${value}\` after.`)]) {
      expect(dangers(sentence)).toEqual([]);
      expect(sentence).not.toContain("\n");
    }
  });
  it("whatever it is made of", () => {
    const sign = fc.constantFrom("`", "@a", "#1", "<b>", "[a](b)", "https://a", "\\", "|", " ", "x", "\n");
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 30 }), (signs) => {
        expect(dangers(inert(signs.join("")))).toEqual([]);
      }),
    );
  });
});

describe("the comment of an operation", () => {
  it("begins with its marker and says what, who, how far and what next", () => {
    const progress = addEvent(jobDone(view().progress), "drift_check", {
      at: "2026-03-01T10:00:00Z",
      event: "step_started",
      step: "Measure tables",
    });
    const body = renderOperation(
      view({ progress, verdict: { outcome: "wait", gates: [gate({ outcome: "wait" })] } }),
    );
    expect(body.split("\n")[0]).toBe("<!-- belay:operation=00000000-0000-4000-8000-000000000001 -->");
    expect(body).toContain("### Promotion of staging to production: checking");
    expect(body).toContain("| drift | ⏳ wait | production changed: `posts`. Comment `/refresh`. |");
    expect(body).toContain("`████░░░░░░░░` 1 of 3 · compare with the baseline: Measure tables");
    expect(body).toContain("`/promote` by `mona`");
  });

  it.each(HOSTILE)("holds no danger when everything from outside is %j", (value) => {
    const plan: Plan = {
      tables: [
        {
          table: value,
          class: "unclassified",
          origin: value,
          action: "unclassified",
          why: value,
          rows: { source: 1, target: null },
          changed: { source: true, target: false, equal: false },
        },
      ],
      options: [
        {
          option: value,
          class: "config",
          action: "promote",
          removes: false,
          why: value,
          flags: [value],
          values: { source: value, target: null },
          changed: { source: true, target: false, equal: false },
        },
      ],
      code: {
        changed: true,
        files: { source: 1, target: 1 },
        edits: [{ path: value, change: "added" }],
        changes: {
          files: [{ path: value, action: "conflict", source: "~", target: "+" }],
          counts: { promote: 0, keep: 0, conflict: 1, same: 0 },
          complete: false,
        },
        wordpress: { source: value, target: "6.5" },
      },
      left_behind: [
        {
          kind: "table",
          name: value,
          class: "editorial",
          note: value,
          before: 1,
          now: 1,
          added: 0,
          changed: 1,
          removed: 0,
          keys: [{ change: "~", key: value }],
          ranges: [{ from: value, to: value, before: 1, now: 1 }],
        },
      ],
      summary: {
        tables: { promote: 0, protect: 0, keep: 0, conflict: 0, unclassified: 1, absent: 0 },
        options: { promote: 1, keep: 0, conflict: 0 },
        flagged_options: 1,
        left_behind: 1,
      },
      blocks: [{ code: "x", text: value, remedy: value, paste: value }],
      warnings: [{ code: "y", text: value, remedy: null }],
      job: {
        promote_tables: [],
        target_tables: [],
        append_only_tables: {},
        promote_options: [],
        expected_tables: {},
        expected_options: {},
      },
    };
    const hostile = gate({
      sentences: [value],
      remedy: value,
      details: [{ sentence: value, because: [{ sentence: value }] }],
    });
    const health = [{ check: value, ok: false, detail: value, seconds: 1 }];
    const change = { table: value, what: value, name: value, effect: "destructive" as const, detail: value };
    const upgrade = {
      wordpress: { from: value, to: value },
      plugins: [{ plugin: value, from: null, to: value }],
      changes: [
        { ...change, agreed: false },
        { ...change, what: "column_removed", agreed: true },
      ],
      unknown: [value],
    };
    const asked = { plugin: value, version: value, steps: [value], detail: value, start: value };
    const waiting = {
      updates: (["waits", "unknown"] as const).map((state) => ({ ...asked, state, planned: 2 })),
      jobs: { [value]: 2 },
    };
    const body = renderOperation(
      view({
        state: "failed",
        source: value,
        target: value,
        requested_by: value,
        message: value,
        next: value,
        run_url: value,
        plan: { ...plan, upgrade },
        verdict: { outcome: "block", gates: [hostile] },
        result: {
          ...{ health, restored_health: health, switch: null, late_rows: { [value]: 2 } },
          candidate: {
            ...{ php: value, sandbox: "kernel", theme: value, hidden_tables: [value], left_out: [value] },
            ...{ missing_plugins: [value], health: [{ check: value, ok: true, detail: value }] },
          },
          migration: {
            needed: {
              wordpress: { from: value, to: value },
              plugins: [{ plugin: value, from: null, to: value }],
            },
            predicted: { changes: [], trouble: [value], ...waiting },
            done: {
              changes: [change],
              ...{ surprises: [change], trouble: [value], seconds: 1 },
              rows: { [value]: { before: 1, after: null } },
              ...waiting,
            },
          },
        },
      }),
    );
    expect(dangers(body)).toEqual([]);
    const folded = withoutFences(body);
    expect(folded.match(/<details>/g)?.length).toBe(folded.match(/<\/details>(?!`)/g)?.length);
  });

  it("stays below GitHub's limit with everything closed", () => {
    const table = {
      class: "config",
      origin: "site",
      action: "keep",
      why: "x".repeat(100),
      rows: { source: 1, target: 1 },
      changed: { source: false, target: false, equal: true },
    } as const;
    const tables = Array.from({ length: 3000 }, (_, at) => ({ ...table, table: `t_${at}` }));
    const summary = {
      tables: { promote: 0, protect: 0, keep: 3000, conflict: 0, unclassified: 0, absent: 0 },
      options: { promote: 0, keep: 0, conflict: 0 },
      flagged_options: 0,
      left_behind: 0,
    };
    const code = {
      changed: false,
      files: { source: 1, target: 1 },
      edits: [],
      changes: { files: [], counts: { promote: 0, keep: 0, conflict: 0, same: 0 }, complete: true },
      wordpress: { source: "6.5", target: "6.5" },
    };
    const job = {
      promote_tables: [],
      target_tables: [],
      append_only_tables: {},
      promote_options: [],
      expected_tables: {},
      expected_options: {},
    };
    const body = renderOperation(
      view({ plan: { tables, options: [], code, left_behind: [], summary, blocks: [], warnings: [], job } }),
    );
    expect(body.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    expect(body).toContain("| *and 2700 more* | config | **keep** | `.github/belay.yml` | 2700 → 2700 |");
    expect(body.match(/<details>/g)?.length).toBe(body.match(/<\/details>/g)?.length);
    expect(body).toContain(`Shortened. All of it: \`GET /api/operations/${view({}).id}/plan\``);
    // It has events and errors only, no rows and no plan.
    expect(body).not.toContain("log has everything");
  });
});

describe("cap", () => {
  it("closes what is open, and never exceeds the limit", () => {
    const line = fc.constantFrom("<details>", "</details>", "```", "text", "", "x".repeat(60));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 300, max: 900 }), (lines, limit) => {
        const text = lines.join("\n");
        const capped = cap(text, limit);
        if (text.length <= limit) expect(capped).toBe(text);
        else expect(capped.length).toBeLessThanOrEqual(limit);
      }),
    );
    const cut = cap(`<details>\n\n\`\`\`\n${"line\n".repeat(400)}\`\`\`\n</details>`, 1000);
    expect(cut.match(/^```$/gm)).toHaveLength(2);
    expect(cut).toMatch(/```\n\n<\/details>/);
  });
  it("cuts a line without halving a sign", () => {
    expect(capLine("ab\u{1f600}cd", 4)).toBe("ab…");
    expect(capLine(" a\n b ", 10)).toBe("a b");
  });
});

describe("a check run", () => {
  const context = { target: "production", head_sha: "a".repeat(40), verdict: null };
  it.each([
    ["pass", null, "success"],
    ["block", "Do this.", "failure"],
    ["wait", "Do this.", "action_required"],
    ["wait", null, null],
  ] as const)("%s with the remedy %j is %j", (outcome, remedy, conclusion) => {
    expect(conclusionOf(gate({ outcome, remedy }))).toBe(conclusion);
  });
  it("is named after target and gate, and says what to type", () => {
    expect(renderCheck(gate(), context)).toEqual({
      kind: "check",
      head_sha: context.head_sha,
      name: "belay / production / drift",
      external_id: "belay:production:drift",
      status: "completed",
      conclusion: "failure",
      title: "production changed: posts.",
      summary: "production changed: `posts`.\n\n**Next:** Comment `/refresh`.",
      actions: [
        { label: "Check drift", description: "Compare with the baseline again.", identifier: "drift" },
      ],
    });
  });
  it("keeps to the limits", () => {
    const details = Array.from({ length: 5000 }, () => ({ sentence: "x".repeat(100) }));
    const check = renderCheck(gate({ details, sentences: ["y".repeat(500)] }), context);
    expect(check.text?.length).toBeLessThanOrEqual(CHECK_LIMIT);
    expect(check.title.length).toBeLessThanOrEqual(250);
  });
});

describe("answers", () => {
  it("list every error of the configuration with its line", () => {
    const error = {
      code: "x",
      line: 3,
      column: 1,
      path: "environments.staging.url",
      message: "is no address.",
      remedy: "Write https://...",
    };
    const body = renderAnswer(badConfig([error, { ...error, line: 9, path: "" }], "main"), "comment:1");
    expect(body.split("\n")[0]).toBe("<!-- belay:answer=comment:1 -->");
    expect(body).toContain("has 2 errors.");
    expect(body).toContain("- line 3 (`environments.staging.url`): is no address.");
    expect(body).toContain("- line 9: is no address.");
  });
  it("/help names every command that works", () => {
    const help = renderHelp({ policy: SHIPPED_POLICY, from: null }, "<!-- m -->");
    for (const word of COMMANDS) expect(help).toContain(`\`/${word}`);
    expect(help).toContain(
      "Policy: the shipped default, made stricter by this site where it says so. A backup may be 24 h old. A promotion needs 1 approval, not by author.",
    );
    for (const gate of gatesOf(SHIPPED_POLICY)) expect(help).toContain(`- ${gate}: `);
  });
});
