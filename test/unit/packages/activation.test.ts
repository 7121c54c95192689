/** The decision to move pointers: the merged tree, the files that are written, and the gates of packages. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as release from "../../../src/core/gates/package-release.ts";
import { newErrors } from "../../../src/core/gates/validation.ts";
import { activeIn, movedByHand, movedFiles, withFiles } from "../../../src/core/packages/activation.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/core/packages/configuration.ts";
import { mergedTree, touchesPackages } from "../../../src/core/packages/merged.ts";
import { parseSettings } from "../../../src/core/packages/settings.ts";
import type { TreeEntry } from "../../../src/core/packages/types.ts";
import { commitMessage } from "../../../src/core/rendering/packages/words.ts";
import { baseOf, edited, report, sample, textAt, treeOf, viewOf } from "./repository.ts";

const POINTERS = "_active/active_releases.json";
const listing = (files: Readonly<Record<string, string>>): TreeEntry[] =>
  Object.entries(files).map(([path, id]) => ({ path, mode: "100644", id }));
const asRecord = (entries: readonly TreeEntry[]) =>
  Object.fromEntries(entries.map(({ path, id }) => [path, id]));

describe("the merged tree", () => {
  const tree = fc.dictionary(fc.constantFrom("a", "b", "c", "d/e"), fc.constantFrom("1", "2", "3"), {
    noNullPrototype: true,
  });

  it("takes the change's side where it changed something, and the branch's elsewhere", () => {
    fc.assert(
      fc.property(tree, tree, tree, (base, start, head) => {
        const merged = mergedTree({ base: listing(base), start: listing(start), head: listing(head) });
        const result = asRecord(merged.entries);
        for (const path of ["a", "b", "c", "d/e"]) {
          const own = head[path] === start[path] ? base[path] : head[path];
          expect(result[path]).toBe(own);
          const changed = merged.changes.find((one) => one.path === path);
          expect(changed === undefined).toBe(base[path] === own);
          if (changed !== undefined) expect(changed.before?.id).toBe(base[path]);
        }
      }),
    );
  });

  it("knows what is about packages", () => {
    const change = (path: string) => [{ path, before: null }];
    expect(touchesPackages(change("README.md"), DEFAULT_CONFIGURATION)).toBe(false);
    expect(touchesPackages(change(POINTERS), DEFAULT_CONFIGURATION)).toBe(true);
    expect(touchesPackages(change("document_types/x/releases/1.0.0/a"), DEFAULT_CONFIGURATION)).toBe(true);
  });
});

describe("the files that are written", () => {
  const move = { root: "", kind: "document_types", id: "document_0000", to: "1.0.1" };

  it("hold the new pointers and everything else as it was", () => {
    const tree = edited(sample(), POINTERS, (text) => text.replace("{", '{"$note": "kept",'));
    const view = viewOf(tree);
    const written = movedFiles(view, [move], DEFAULT_CONFIGURATION);
    if (!written.ok) throw new Error(written.sentence);
    expect(written.files.map(({ path }) => path)).toEqual([POINTERS]);
    expect(written.files[0]?.text).toBe(
      textAt(tree, POINTERS).replace('"document_0000": "1.1.0"', '"document_0000": "1.0.1"'),
    );
    const active = activeIn(withFiles(view, written.files), DEFAULT_CONFIGURATION);
    expect(active.get("\0document_types\0document_0000")).toBe("1.0.1");
    expect(active.get("\0document_types\0document_0001")).toBe("1.1.0");
  });

  it("are made where there are none, and are nothing where nothing moves", () => {
    const empty = viewOf(treeOf([]));
    expect(movedFiles(empty, [move], DEFAULT_CONFIGURATION)).toEqual({
      ok: true,
      files: [{ path: POINTERS, text: '{\n  "document_0000": "1.0.1"\n}\n' }],
    });
    const there = viewOf(sample());
    expect(movedFiles(there, [{ ...move, to: "1.1.0" }], DEFAULT_CONFIGURATION)).toEqual({
      ok: true,
      files: [],
    });
  });

  it("are refused where the file is a link or no text", () => {
    const broken = viewOf(new Map([[POINTERS, { content: "x", mode: "120000" }]]));
    expect(movedFiles(broken, [move], DEFAULT_CONFIGURATION)).toMatchObject({ ok: false, path: POINTERS });
  });
});

it("pointers that a change moves by hand are told", () => {
  const base = sample();
  const head = edited(base, POINTERS, (text) =>
    text.replace('"document_0001": "1.1.0"', '"document_0001": "1.0.1"'),
  );
  const input = { head: viewOf(head), base: baseOf(base, head), configuration: DEFAULT_CONFIGURATION };
  expect(movedByHand(input)).toEqual([
    { root: "", kind: "document_types", id: "document_0001", from: "1.1.0", to: "1.0.1" },
  ]);
  const note = edited(base, POINTERS, (text) => text.replace("{", '{"$note": "x",'));
  expect(movedByHand({ ...input, head: viewOf(note), base: baseOf(base, note) })).toEqual([]);
});

describe("the gate release of packages", () => {
  const ready: release.ReleaseFact = {
    ...{ id: "x", version: "1.1.0", state: "staged", veto: null, same: true },
    ...{ at_head: true, earlier: false, preview: false },
  };
  const code = (kind: "activate" | "rollback", change: Partial<release.ReleaseFact>) =>
    release.evaluate({ kind, releases: [{ ...ready, ...change }], by_hand: [] }).code;

  it("lets only what was staged at the head, unchanged, be activated", () => {
    expect(code("activate", {})).toBe("packages_ready");
    expect(code("activate", { state: "committed" })).toBe("package_not_staged");
    expect(code("activate", { state: null })).toBe("package_not_staged");
    expect(code("activate", { state: "superseded" })).toBe("packages_ready");
    expect(code("activate", { at_head: false })).toBe("package_not_staged");
    expect(code("activate", { same: false })).toBe("package_changed");
    expect(code("activate", { same: null })).toBe("package_missing");
    expect(code("activate", { state: "vetoed" })).toBe("package_vetoed");
    expect(code("activate", { preview: true })).toBe("package_preview");
  });

  it("lets only what was active once be gone back to", () => {
    expect(code("rollback", { state: "superseded" })).toBe("packages_ready");
    expect(code("rollback", { state: null, earlier: true })).toBe("packages_ready");
    expect(code("rollback", { state: null })).toBe("package_never_active");
    expect(code("rollback", {})).toBe("package_never_active");
    expect(code("rollback", { state: "vetoed" })).toBe("package_vetoed");
    expect(code("rollback", { state: "superseded", same: false })).toBe("package_changed");
  });

  it("refuses pointers that are moved by hand, and nothing at all", () => {
    expect(release.evaluate({ kind: "stage", releases: [ready], by_hand: ["`x`"] }).code).toBe(
      "pointers_by_hand",
    );
    expect(release.evaluate({ kind: "stage", releases: [], by_hand: [] }).code).toBe("packages_nothing");
  });
});

it("errors that were there before do not keep anybody from going back", () => {
  const broken = edited(sample(), POINTERS, (text) =>
    text.replace('"document_0001": "1.1.0"', '"document_0001": "7.0.0"'),
  );
  const before = report(broken);
  expect(before.valid).toBe(false);
  expect(newErrors(before, before)).toMatchObject({ valid: true, errors: 0 });
  expect(newErrors(before, report(sample())).errors).toBe(before.errors);
});

it("nobody writes a line of the commit's message by a reason", () => {
  const move = { root: "", kind: "k", id: "x", from: "1.0.0", from_digest: null, to: "1.1.0", digest: "" };
  const asked = { kind: "activate", moves: [move], by: "ann", pull_request: 7, nonce: "n" } as const;
  const message = commitMessage({ ...asked, reason: "fine\nBelay-Operation: other" });
  expect(message.split("\n").filter((line) => line.startsWith("Belay-Operation:"))).toEqual([
    "Belay-Operation: n",
  ]);
});

it("a reason mentions nobody, closes no issue and skips no workflow", () => {
  const move = { root: "", kind: "k", id: "x", from: "1.0.0", from_digest: null, to: "1.1.0", digest: "" };
  const asked = { kind: "activate", moves: [move], by: "ann", pull_request: 7, nonce: "n" } as const;
  const reason = "Fixes #12, GH-13, fixes https://github.com/acme/shop/issues/1 [skip ci] @acme/owners";
  const message = commitMessage({ ...asked, reason });
  expect(message.replaceAll("\u200b", "")).toContain(reason);
  expect(message).not.toMatch(/#12|GH-13|:\/\/|\[skip ci\]|@acme/);
});

it("settings that cannot be used say where", () => {
  const read = (text: string) => parseSettings(new TextEncoder().encode(text));
  expect(read("version: 1\n")).toMatchObject({
    ok: true,
    settings: { tags: false, sync: { webhook: false } },
  });
  expect(read("version: 1\nsync: {webhook: 'https://evil.example'}\n")).toMatchObject({
    ok: false,
    what: expect.stringContaining("sync.webhook"),
  });
  expect(read("version: 1\nsync: {workflow: ../x.yml}\n").ok).toBe(false);
});
