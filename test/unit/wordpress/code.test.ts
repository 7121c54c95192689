/** The code tree, three-way and file by file. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { sha256 } from "../../../src/core/canonical.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { Fingerprint, RowChanges } from "../../../src/core/facts.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import type { Plan } from "../../../src/core/wordpress/types.ts";
import { EXAMPLE } from "../config/example.ts";
import { files, fingerprint, manifest, type Rows } from "./facts.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(EXAMPLE, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const site = { config: parsed.config, rules: compileRules(parsed.config, catalog) };

interface Case {
  readonly before: Rows;
  readonly source?: Rows;
  readonly target?: Rows;
  /** Production's active release now; the baseline's is `aaaaaaaaaaaa`. */
  readonly release?: string;
  /** Files that differ from production's active release. */
  readonly edits?: Fingerprint["code_edits"];
  /** False: more files than a fingerprint lists. */
  readonly listed?: boolean | { readonly source: boolean; readonly target: boolean };
  readonly told?: { readonly source?: RowChanges; readonly target?: RowChanges };
}

const compared = (code: RowChanges | undefined) =>
  code === undefined ? null : { differences: { tables: {}, files: {}, code }, option_values: {} };

function plan(one: Case): Plan {
  const { before, source = before, target = before, release = "aaaaaaaaaaaa", edits = [] } = one;
  const { listed = true, told = {} } = one;
  const lists = typeof listed === "boolean" ? { source: listed, target: listed } : listed;
  const base = (side: "source" | "target") => fingerprint({ code: files(before, lists[side]) });
  const full = Object.fromEntries(Object.entries(source).map(([path, text]) => [path, sha256(text)]));
  return makePlan({
    ...site,
    manifest: { ...manifest(), code: full },
    baseline: { source: base("source"), target: base("target") },
    now: {
      source: fingerprint({ code: files(source, lists.source) }),
      target: {
        ...base("target"),
        code: files(target, lists.target),
        active_release: release,
        code_edits: edits,
      },
    },
    compared: { source: compared(told.source), target: compared(told.target) },
    mode: "strict",
  });
}

const actions = ({ code }: Plan) =>
  Object.fromEntries(code.changes.files.map(({ path, action }) => [path, action]));
const codes = ({ blocks }: Plan) => blocks.map(({ code }) => code);
const OTHER = "bbbbbbbbbbbb";

describe("a file of the code tree", () => {
  it("that only the source changed is promoted", () => {
    const made = plan({ before: { "a.php": "1", "b.php": "1" }, source: { "a.php": "2", "c.php": "1" } });
    expect(made.code.changes).toEqual({
      files: [
        { path: "a.php", action: "promote", source: "~", target: null },
        { path: "b.php", action: "promote", source: "-", target: null },
        { path: "c.php", action: "promote", source: "+", target: null },
      ],
      counts: { promote: 3, keep: 0, conflict: 0, same: 0 },
      complete: true,
    });
    expect(made.blocks).toEqual([]);
  });

  it("that only production changed by hand is kept: nothing is promoted over it", () => {
    const made = plan({
      before: { "a.php": "1", "plugin.php": "1" },
      source: { "a.php": "2", "plugin.php": "1" },
      target: { "a.php": "1", "plugin.php": "2" },
      edits: [{ path: "plugin.php", change: "changed" }],
    });
    expect(actions(made)).toEqual({ "plugin.php": "keep", "a.php": "promote" });
    expect(made.blocks).toEqual([
      {
        code: "code_edited",
        text: "Production's code was changed there since its release `aaaaaaaaaaaa`, by hand or by an automatic update: `plugin.php` (changed in production only). That is kept: nothing is promoted over it.",
        remedy:
          "To keep it for good, bring the same files to the source's code by hand: to its branch, then deploy it to the source (`/refresh` brings data, not code). To drop it, put the files of release `aaaaaaaaaaaa` back on production. Then comment `/plan`.",
      },
    ]);
  });

  it("that both changed is a conflict, unless they changed it alike", () => {
    const made = plan({
      before: { "a.php": "1", "b.php": "1" },
      source: { "a.php": "2", "b.php": "3" },
      target: { "a.php": "4", "b.php": "3" },
      edits: [
        { path: "a.php", change: "changed" },
        { path: "b.php", change: "changed" },
      ],
    });
    expect(actions(made)).toEqual({ "a.php": "conflict", "b.php": "same" });
    expect(made.warnings).toContainEqual({
      code: "code_edited_alike",
      text: "Production's code was changed there, and the release holds the same: `b.php` (changed in production, the source holds the same). Nothing of it is lost.",
      remedy: null,
    });
    expect(made.blocks).toEqual([
      {
        code: "code_conflict",
        text: "Source and production both changed files of the code since the baseline: `a.php` (changed in production, changed in the source). Neither side wins by itself.",
        remedy:
          "Merge these files in the source's code by hand and deploy it to the source. Then put the files of release `aaaaaaaaaaaa` back on production, or make them what the source holds, and comment `/plan`.",
      },
    ]);
  });

  it("that another release brought to production is not undone", () => {
    const moved = { before: { "a.php": "1" }, target: { "a.php": "hotfix" }, release: OTHER };
    const made = plan({ ...moved, source: { "a.php": "1", "b.php": "new" } });
    expect(actions(made)).toEqual({ "a.php": "keep", "b.php": "promote" });
    expect(made.blocks).toEqual([
      {
        code: "code_conflict",
        text: "Production runs another release (`bbbbbbbbbbbb`) than the source knows of (`aaaaaaaaaaaa`), and promoting would undo files of it: `a.php` (changed in production only).",
        remedy:
          "Bring these files to the source's code by hand: to its branch, then deploy it to the source (`/refresh` brings data, not code). Where both sides changed a file, merge it there. Then comment `/refresh`, which records what both sides are, and `/plan`.",
      },
    ]);
    expect(plan({ ...moved, source: { "a.php": "mine" } }).blocks[0]?.text).toContain(
      "`a.php` (changed in production, changed in the source)",
    );
  });

  it("that the source took over from another release no longer stands in the way", () => {
    const made = plan({
      before: { "a.php": "1" },
      source: { "a.php": "hotfix", "b.php": "new" },
      target: { "a.php": "hotfix" },
      release: OTHER,
    });
    expect(actions(made)).toEqual({ "a.php": "same", "b.php": "promote" });
    expect(made.blocks).toEqual([]);
  });
});

describe("more files than a fingerprint lists", () => {
  const many = { before: { "a.php": "1", "b.php": "1" }, listed: false, release: OTHER };
  const change = (path: string): RowChanges => ({
    added: 0,
    changed: 1,
    removed: 0,
    keys: [{ change: "~", key: path }],
  });

  it("are compared as the hosts tell", () => {
    const made = plan({
      ...many,
      source: { "a.php": "2", "b.php": "1" },
      target: { "a.php": "1", "b.php": "2" },
      told: { source: change("a.php"), target: change("b.php") },
    });
    expect(actions(made)).toEqual({ "b.php": "keep", "a.php": "promote" });
    expect(made.code.changes.complete).toBe(false);
  });

  it("of the source alone are compared with production's list by the release", () => {
    const all = { "a.php": "1", "b.php": "1", "__proto__.php": "1", constructor: "1" };
    const made = plan({
      before: all,
      source: { ...all, "a.php": "2" },
      listed: { source: false, target: true },
    });
    expect(actions(made)).toEqual({ "a.php": "promote" });
  });

  it("block where nobody tells what production changed, or what the source did", () => {
    const sides = { source: { "a.php": "2", "b.php": "1" }, target: { "a.php": "1", "b.php": "2" } };
    const blind = plan({ ...many, ...sides });
    expect(blind.blocks[0]?.text).toBe(
      "Production runs another release (`bbbbbbbbbbbb`) than the source knows of (`aaaaaaaaaaaa`), and promoting would undo files of it; which ones is not known, because there are too many for a list.",
    );
    const half = plan({ ...many, ...sides, told: { target: change("b.php") } });
    expect(actions(half)).toEqual({ "b.php": "conflict" });
    expect(half.blocks[0]?.text).toContain("`b.php` (changed in production, perhaps changed in the source)");
  });
});

const FILES = ["a", "b", "c", "d"] as const;
const tree = fc.record(
  {
    a: fc.constantFrom("1", "2", "3"),
    b: fc.constantFrom("1", "2", "3"),
    c: fc.constantFrom("1", "2", "3"),
    d: fc.constantFrom("1", "2", "3"),
  },
  { requiredKeys: [] },
);

it("nothing that production alone has is ever promoted over, and what the source alone changed always travels", () => {
  fc.assert(
    fc.property(tree, tree, tree, fc.boolean(), (before, source, target, moved) => {
      const edits = FILES.flatMap((path) =>
        before[path] === target[path]
          ? []
          : [
              {
                path,
                change:
                  before[path] === undefined ? "added" : target[path] === undefined ? "removed" : "changed",
              } as const,
            ],
      );
      const made = plan({ before, source, target, ...(moved ? { release: OTHER } : { edits }) });
      const seen = actions(made);
      for (const path of FILES) {
        const [was, mine, theirs] = [before[path], source[path], target[path]];
        const lost = theirs !== was && theirs !== mine;
        expect(["keep", "conflict"].includes(seen[path] ?? ""), path).toBe(lost);
        if (lost) expect(made.blocks.length).toBeGreaterThan(0);
        if (theirs !== was && !lost && !moved)
          expect(codes({ ...made, blocks: made.warnings })).toContain("code_edited_alike");
        if (theirs === was && mine !== was) expect(seen[path]).toBe("promote");
      }
      const lost = FILES.some((path) => target[path] !== before[path] && target[path] !== source[path]);
      expect(made.blocks.length > 0).toBe(lost);
    }),
  );
});
