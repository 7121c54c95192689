import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { movePointers, type PointerMove } from "../../../src/core/packages/pointers/move.ts";

const moved = (text: string, ...moves: PointerMove[]): string => {
  const result = movePointers(text, moves, "document_types");
  if (!result.ok) throw new Error(result.sentence);
  return result.text;
};
const to = (id: string, version: string | null, kind = "document_types"): PointerMove => ({
  kind,
  id,
  version,
});

describe("moving pointers", () => {
  it("changes the version and nothing else", () => {
    const text = '\ufeff{\r\n\t"$schema" : "x",\r\n\t"b":"1.0.0" ,  "a": "2.0.0"\r\n}\r\n\r\n';
    expect(moved(text, to("b", "1.1.0"))).toBe(text.replace("1.0.0", "1.1.0"));
    expect(moved(text, to("b", "1.0.0"))).toBe(text);
  });

  it.each([
    ['{"a": "1.0.0"}', '{"a": "1.0.0", "b": "2.0.0"}'],
    ['{\n  "a": "1.0.0"\n}\n', '{\n  "a": "1.0.0",\n  "b": "2.0.0"\n}\n'],
    ["{}", '{\n  "b": "2.0.0"\n}'],
    [
      '{\n    "document_types": {\n        "a": "1.0.0"\n    }\n}\n',
      '{\n    "document_types": {\n        "a": "1.0.0",\n        "b": "2.0.0"\n    }\n}\n',
    ],
    ['{\n  "document_types": {}\n}\n', '{\n  "document_types": {\n    "b": "2.0.0"\n  }\n}\n'],
    [
      '{\n  "roles": {\n    "x": "1.0.0"\n  }\n}\n',
      '{\n  "roles": {\n    "x": "1.0.0"\n  },\n  "document_types": {\n    "b": "2.0.0"\n  }\n}\n',
    ],
  ])("adds a pointer as its neighbours stand (%#)", (before, after) => {
    expect(moved(before, to("b", "2.0.0"))).toBe(after);
  });

  it.each([
    ['{"a": "1.0.0", "b": "2.0.0"}', "a", '{"b": "2.0.0"}'],
    ['{\n  "a": "1.0.0",\n  "b": "2.0.0"\n}\n', "b", '{\n  "a": "1.0.0"\n}\n'],
    ['{\n  "a": "1.0.0"\n}\n', "a", "{}\n"],
    ['{"a": "1.0.0"}', "c", '{"a": "1.0.0"}'],
  ])("takes a pointer away (%#)", (before, id, after) => {
    expect(moved(before, to(id, null))).toBe(after);
  });

  it.each(["", "[]", "{", '{"a": "1.0.0", "a": "2.0.0"}'])("refuses %j", (text) => {
    expect(movePointers(text, [to("a", "1.0.0")], "document_types").ok).toBe(false);
  });

  const id = fc.constantFrom("a", "b", "discovery", "__proto__", 'q"uote', "$x");
  const version = fc.constantFrom("1.0.0", "2.10.3", "0.0.1");
  const group = fc.dictionary(id, version, { maxKeys: 4 });
  const file = fc.oneof(group, fc.record({ document_types: group, roles: group, _note: fc.string() }));
  const spaces = fc.constantFrom(0, 2, 4, "\t");
  const moves = fc.array(
    fc.record({
      kind: fc.constantFrom("document_types", "roles"),
      id: fc.constantFrom("a", "b", "discovery"),
      version: fc.option(version),
    }),
    { maxLength: 5 },
  );

  it("says afterwards what was asked, keeps everything else, and can be repeated", () => {
    fc.assert(
      fc.property(file, spaces, moves, fc.boolean(), (content, indent, wanted, windows) => {
        const printed = JSON.stringify(content, null, indent);
        const text = windows ? `\ufeff${printed.replaceAll("\n", "\r\n")}\r\n` : `${printed}\n`;
        const after = moved(text, ...wanted);
        expect(after.startsWith("\ufeff")).toBe(windows);
        if (windows) expect(after.replaceAll("\r\n", "")).not.toContain("\n");
        const read = JSON.parse(after.replace("\ufeff", ""));
        const last = new Map(wanted.map((one) => [`${one.kind}/${one.id}`, one.version]));
        for (const [name, expected] of last) {
          const [kind = "", key = ""] = name.split("/");
          const inGroup = typeof read[kind] === "object" ? read[kind][key] : undefined;
          const found =
            inGroup ?? (kind === "document_types" && typeof read[key] === "string" ? read[key] : undefined);
          expect(found ?? null).toBe(expected);
        }
        expect(read._note).toEqual("_note" in content ? content._note : read._note);
        expect(
          moved(
            after,
            ...[...last].map(([name, to]) => ({
              kind: name.split("/")[0] ?? "",
              id: name.split("/")[1] ?? "",
              version: to,
            })),
          ),
        ).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the file back byte for byte when it goes back", () => {
    fc.assert(
      fc.property(group, spaces, version, (content, indent, other) => {
        const [first] = Object.entries(content);
        if (first === undefined || first[0] === "__proto__") return;
        const text = JSON.stringify(content, null, indent);
        expect(moved(moved(text, to(first[0], other)), to(first[0], first[1]))).toBe(text);
      }),
    );
  });
});
