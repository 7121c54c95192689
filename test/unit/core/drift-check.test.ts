/** The drift check run as a developer reads it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../src/core/gates/drift.ts";
import { CHECK_LIMIT } from "../../../src/core/rendering/cap.ts";
import { renderCheck } from "../../../src/core/rendering/check.ts";
import { driftSection } from "../../../src/core/rendering/drift.ts";
import type { DriftFinding, DriftVerdict, Sentence } from "../../../src/core/wordpress/types.ts";
import { dangers, HOSTILE } from "./dangers.ts";

const RECORD = "00000000-0000-4000-8000-0000000000aa";

const finding = (more: Partial<DriftFinding> = {}): DriftFinding => ({
  kind: "table",
  name: "posts",
  class: "editorial",
  before: 3,
  now: 3,
  added: 1,
  changed: 1,
  removed: 1,
  keys: [
    { change: "~", key: "2" },
    { change: "-", key: "7" },
    { change: "+", key: "9" },
  ],
  ranges: [],
  blocking: true,
  append_only: null,
  note: "posts: 1 row added, 1 row changed, 1 row removed",
  ...more,
});
const verdict = (findings: readonly DriftFinding[], sentences: readonly Sentence[] = []): DriftVerdict => ({
  status: findings.some(({ blocking }) => blocking) ? "drifted" : "clean",
  mode: "live",
  findings,
  sentences,
});
const check = (drift: DriftVerdict) => {
  const now = "2026-03-01T10:00:00Z";
  const names = { source: "staging", target: "production" };
  const gate = evaluate(
    { ...names, has_baseline: true, damaged: null, check: { drift, checked_at: now, damaged: null } },
    { now, max_age_s: null },
  );
  const context = { target: "production", head_sha: "a".repeat(40), verdict: null };
  return renderCheck(gate, { ...context, more: driftSection(drift, RECORD) });
};

const keys = (count: number, length = 1): DriftFinding["keys"] =>
  Array.from({ length: count }, (_, at) => ({ change: "+", key: String(at).padStart(length, "0") }));

describe("the check run of a drift check", () => {
  it("of thousands of tables tells what blocks, and how many more there are", () => {
    const many = (name: string, blocking: boolean) =>
      Array.from({ length: 3000 }, (_, at) =>
        finding({ name: `${name}_${"x".repeat(40)}_${at}`, blocking, note: "" }),
      );
    const { text = "" } = check(verdict([...many("reported", false), ...many("drifted", true)]));
    expect(text.length).toBeLessThan(CHECK_LIMIT);
    expect(text).not.toContain("the rest does not fit");
    expect(text).toMatch(
      /and 5[0-9]{3} more differences \(2[0-9]{3} blocking\); `GET \/api\/drift-checks\/[-0-9a]+` lists all\./,
    );
    expect(text).not.toContain("reported_");
  });

  it("is a table of what differs, what blocks first, then the rows by key and the files by path", () => {
    const comments = finding({
      ...{ name: "comments", class: "live", before: 30, now: 31, added: 1, changed: 0, removed: 0 },
      ...{ keys: keys(1), blocking: false, note: "comments: 1 row added" },
    });
    const uploads = finding({
      ...{ kind: "files", name: "wp-content/uploads", before: 1, now: 2, added: 1, changed: 0, removed: 0 },
      ...{ keys: [{ change: "+", key: "2026/a `b`.jpg" }], note: "wp-content/uploads: 1 file added" },
    });
    const { text, summary } = check(verdict([comments, finding(), uploads]));
    expect(summary.split("\n")[0]).toBe(
      "production changed since its baseline for staging: `posts`, `wp-content/uploads`.",
    );
    expect(text).toBe(`Judged in drift mode \`live\`.

| table or path | class | baseline → now | added | changed | removed | blocks |
|---|---|--:|--:|--:|--:|---|
| \`posts\` | editorial | 3 → 3 | 1 | 1 | 1 | **yes** |
| \`wp-content/uploads\` | files | 1 → 2 | 1 | 0 | 0 | **yes** |
| \`comments\` | live | 30 → 31 | 1 | 0 | 0 | no |

**\`posts\`** (editorial):

- changed: \`2\`
- removed: \`7\`
- added: \`9\`

**\`wp-content/uploads\`**:

- added: \`\`2026/a \`b\`.jpg\`\`

**\`comments\`** (live):

- added: \`0\``);
  });

  it("folds what is long", () => {
    const { text } = check(verdict([finding({ added: 40, changed: 0, removed: 0, keys: keys(40) })]));
    expect(text).toContain(
      "**`posts`** (editorial): 40 rows\n\n<details><summary>all of them</summary>\n\n- added: `0`, ",
    );
  });

  it("says how many more there are, and where the record has them", () => {
    const big = finding({ added: 5000, changed: 0, removed: 0, keys: keys(1000, 100) });
    const { text = "" } = check(verdict([big]));
    expect(text.length).toBeLessThan(CHECK_LIMIT);
    expect(text).toContain("<details><summary>300 of them</summary>");
    expect(text).toContain(`and 4700 more; \`GET /api/drift-checks/${RECORD}\` lists 1000`);
    expect(text).not.toContain("Shortened");
  });

  it("says what is known where single rows are not", () => {
    const none = { added: null, changed: null, removed: null, keys: [] };
    const ranges = [{ from: "2048", to: "3071", before: 1000, now: 1003 }];
    const texts = [finding({ ...none, ranges }), finding(none)].map((one) => check(verdict([one])).text);
    expect(texts[0]).toContain("| `posts` | editorial | 3 → 3 | ? | ? | ? | **yes** |");
    expect(texts[0]).toContain("- keys `2048 to 3071`: 1000 → 1003 rows");
    expect(texts[1]).toContain(
      "which rows is not known: they have no key, or are too many for a list in the record",
    );
  });

  it("says why it blocks, and what to change, beside what differs", () => {
    const why = { code: "drifted_live_only", text: "All of it is live.", remedy: "Write `drift: live`." };
    const other = { code: "drifted", text: "Protected data changed.", remedy: null };
    const { summary } = check(verdict([finding()], [other, why]));
    expect(summary.split("\n\n")[1]).toBe("All of it is live. Write `drift: live`.");
    expect(summary).not.toContain("Protected data changed.");
  });

  it.each(HOSTILE)("holds no danger when everything from outside is %j", (value) => {
    const files = { kind: "files", name: value, keys: [{ change: "~", key: value }] } as const;
    const { text = "", summary } = check(verdict([finding({ name: value, note: value }), finding(files)]));
    expect(dangers(text)).toEqual([]);
    expect(dangers(summary)).toEqual([]);
    for (const line of text.split("\n").filter((one) => one.startsWith("|")))
      expect(line.replaceAll("\\|", "").split("|")).toHaveLength(9);
  });

  it("stays within GitHub's limit, whatever was found", () => {
    const some = fc.record({ name: fc.string({ maxLength: 60 }), count: fc.nat(1000), length: fc.nat(250) });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), (all) => {
        const drift = verdict(
          all.map(({ name, count, length }) => finding({ name, keys: keys(count, length) })),
        );
        const { text = "" } = check(drift);
        expect(text.length).toBeLessThanOrEqual(CHECK_LIMIT);
        expect(text).not.toContain("Shortened");
      }),
      { numRuns: 30 },
    );
  });
});
