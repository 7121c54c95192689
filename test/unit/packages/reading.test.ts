import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { sampleFiles } from "../../../script/bench/packages/sample.ts";
import { readFile } from "../../../src/core/packages/reading/document.ts";
import { readJson } from "../../../src/core/packages/reading/json.ts";
import { child, type Node, plainValue, textOf } from "../../../src/core/packages/reading/node.ts";
import { readPlainYaml } from "../../../src/core/packages/reading/plain-yaml.ts";
import { readWholeYaml, readYaml } from "../../../src/core/packages/reading/yaml.ts";

vi.setConfig({ testTimeout: 120_000 });

const codes = (text: string, format: "json" | "yaml" = "json") =>
  readFile(`a.${format}`, new TextEncoder().encode(text), format).problems.map(({ code }) => code);

describe("JSON", () => {
  it("reads what JSON.parse reads, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", "}", ",", '"', "\\", "0", " ", "\n", "\u0001"),
        (text, at, more) => {
          const changed = text.slice(0, at % (text.length + 1)) + more + text.slice(at % (text.length + 1));
          let expected: unknown;
          let fails = false;
          try {
            expected = JSON.parse(changed);
          } catch {
            fails = true;
          }
          const { root } = readJson(changed);
          expect(root === null).toBe(fails);
          if (root !== null) expect(plainValue(root)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("knows where each value stands", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent) ?? "null";
        const visit = (node: Node): void => {
          expect(JSON.parse(text.slice(node.start, node.end))).toEqual(
            JSON.parse(JSON.stringify(plainValue(node))),
          );
          if (node.kind === "array") for (const item of node.items) visit(item);
          if (node.kind === "object")
            for (const { key, key_start, value: inner } of node.members) {
              expect(text.startsWith(JSON.stringify(key), key_start)).toBe(true);
              visit(inner);
            }
        };
        const { root } = readJson(text);
        if (root === null) throw new Error("not read");
        visit(root);
      }),
    );
  });

  it.each([
    ['{"a": 1, "a": 2}', ["duplicate-key"]],
    ['{"a": 9007199254740993}', ["huge-integer"]],
    ['{"a": 1e999}', ["huge-integer"]],
    [`${"[".repeat(100_000)}`, ["too-deep"]],
    ["\ufeff{}", ["byte-order-mark"]],
    ['{"a":\r\n1}', ["line-ends"]],
    ["{}x", ["syntax"]],
    ["", ["syntax"]],
    ["{'a': 1}", ["syntax"]],
    ['{"a": 1,}', ["syntax"]],
    ['{"a": 01}', ["syntax"]],
  ])("tells what is wrong (JSON %#)", (text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it("finds a key written twice among many at once", () => {
    const keys = Array.from({ length: 30_000 }, (_, at) => `"k${at}":0`);
    expect(codes(`{${keys.join(",")},"k7":1}`)).toEqual(["duplicate-key"]);
  });

  it("is not led astray by names of JavaScript's own", () => {
    const { root } = readJson('{"__proto__": {"a": 1}, "constructor": 2}');
    expect(textOf(child(root, "toString"))).toBeUndefined();
    expect(
      Object.keys(plainValue(root ?? { kind: "null", value: null, start: 0, end: 0 }) as object),
    ).toEqual(["__proto__", "constructor"]);
  });
});

describe("YAML", () => {
  const withoutEnds = (node: Node | null) =>
    JSON.stringify(node, (key, value) => (key === "end" ? undefined : value));

  it("reads the plain part as the whole parser does", () => {
    const word = fc.constantFrom(
      "a",
      "one_two",
      "1.4.0",
      '"x: y"',
      "'q'",
      "true",
      "null",
      "7",
      "yes",
      "a b",
      "[]",
      "[a, b]",
      "{}",
      "~",
      "0x1f",
      "1e3",
      "a: b",
      "- c",
      "a #b",
      "a#b",
      "é",
      ".5",
      "-1",
      "on",
      "!x",
      "&a",
      "*a",
    );
    const key = fc.constantFrom(
      "k%: ",
      "k%: ",
      "key_%: ",
      "k%: ",
      "- ",
      "- k%: ",
      "# ",
      "k%:",
      "a%: >",
      "b%: |-",
      "c%: |",
    );
    const line = fc.tuple(fc.constantFrom(0, 0, 0, 2, 2, 4), key, word);
    const lineText = ([indent, start, value]: readonly [number, string, string], at: number) =>
      `${" ".repeat(indent)}${start.replace("%", String(at))}${/[:>|-]$/.test(start) ? "" : value}`;
    let plain = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const text = `${lines.map(lineText).join("\n")}\n`;
        const fast = readPlainYaml(text);
        if (fast === null) return;
        plain++;
        const whole = readWholeYaml(text);
        expect(whole.problems).toEqual([]);
        expect(withoutEnds(fast)).toBe(withoutEnds(whole.root));
      }),
      { numRuns: 8_000 },
    );
    expect(plain).toBeGreaterThan(300);
  });

  it("reads whole manifests that way", () => {
    for (const [path, text] of sampleFiles({ packages: 4, versions: 2 })) {
      if (!path.endsWith(".yaml")) continue;
      const fast = readPlainYaml(text);
      expect(fast).not.toBeNull();
      expect(withoutEnds(fast)).toBe(withoutEnds(readWholeYaml(text).root));
    }
  });

  it.each([
    ["a: &x 1\nb: *x\n", "alias"],
    ["a: 1\na: 2\n", "duplicate-key"],
    ["a: [\n", "syntax"],
    ["", "syntax"],
    ["a: 99999999999999999999\n", "huge-integer"],
    [`${"[".repeat(5_000)}`, "too-deep"],
    [`${"- ".repeat(5_000)}a\n`, "too-deep"],
    ["a: 1\n---\nb: 2\n", "syntax"],
    ["? [a, b]\n: c\n", "syntax"],
  ])("tells what is wrong (YAML %#)", (text, code) => {
    expect(codes(text, "yaml")).toContain(code);
  });

  it("does not unfold a bomb", () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`);
    const { root, problems } = readYaml(`l0: &l0 [lol]\n${levels.join("\n")}\n`);
    expect(root).toBeNull();
    expect(problems[0]?.code).toBe("alias");
  });

  it("reads 30,000 keys without comparing each with each", () => {
    const keys = Array.from({ length: 30_000 }, (_, at) => `"k${at}": 0`);
    expect(codes(`${keys.join("\n")}\n"k7": 1\n`, "yaml")).toEqual(["duplicate-key"]);
  });
});

it("refuses what is no text, and what is too large", () => {
  const read = (bytes: Uint8Array, format: "json" | "text") =>
    readFile("a", bytes, format).problems.map(({ code }) => code);
  expect(read(new Uint8Array([0xff, 0xfe, 0x41]), "text")).toEqual(["not-utf8"]);
  expect(read(new Uint8Array(1024 * 1024 + 1).fill(32), "json")).toEqual(["too-large"]);
  expect(read(new Uint8Array(1024 * 1024 + 1).fill(32), "text")).toEqual([]);
});
