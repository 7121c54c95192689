import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS, LATER_COMMANDS, parseCommands } from "../../../src/core/commands.ts";

const one = (body: string) => parseCommands(body)[0] ?? null;

describe("a command stands alone on a line", () => {
  const alone = COMMANDS.filter((word) => word !== "promote" && word !== "veto");
  it.each(alone)("/%s", (word) => {
    expect(parseCommands(`Looks good.\r\n\r\n/${word}  \r\nThanks!`)).toMatchObject([{ kind: word }]);
  });

  it.each([
    ["/promote", { kind: "promote", sha: null }],
    ["  /promote ABCDEF1", { kind: "promote", sha: "abcdef1" }],
    ["/Promote", { kind: "promote", sha: null }],
    ["/promote now", { kind: "bad_argument", word: "promote", argument: "now" }],
    ["/promote abcdef1 --force", { kind: "bad_argument", word: "promote", argument: "abcdef1 --force" }],
    ["/drift", { kind: "drift", full: false }],
    ["/drift --full", { kind: "drift", full: true }],
    ["/drift -f", { kind: "bad_argument", word: "drift", argument: "-f" }],
    ["/drift --full now", { kind: "bad_argument", word: "drift", argument: "--full now" }],
    ["/baseline", { kind: "baseline", accept: null }],
    ["/baseline Accept ABCDEF012345", { kind: "baseline", accept: "abcdef012345" }],
    ["/baseline accept", { kind: "bad_argument", word: "baseline", argument: "accept" }],
    ["/baseline accept abcdef", { kind: "bad_argument", word: "baseline", argument: "accept abcdef" }],
    ["/baseline abcdef012345", { kind: "bad_argument", word: "baseline", argument: "abcdef012345" }],
    ["/backup full", { kind: "bad_argument", word: "backup", argument: "full" }],
  ])("%j", (body, command) => {
    expect(one(body)).toEqual(command);
  });

  it.each([
    "please /promote",
    "/promote this when you can, please",
    "/etc/hosts",
    "/etc/hosts is missing",
    "- /promote",
    "https://example.org/promote",
    "\\/promote",
    "//promote",
    "/",
    "",
  ])("%j is no command", (body) => {
    expect(parseCommands(body)).toEqual([]);
  });
});

describe("words that this version cannot do", () => {
  it.each(LATER_COMMANDS)("/%s is known, and said to be missing", (word) => {
    expect(one(`/${word}`)).toEqual({ kind: "not_available", word });
  });
  it("takes a reason of any words where one belongs", () => {
    expect(one("/freeze because it's Black Friday (again)")).toEqual({
      kind: "not_available",
      word: "freeze",
    });
  });
});

describe("unknown words", () => {
  it.each([
    ["/promot", "promote"],
    ["/rolback", "rollback"],
    ["/statsu", "status"],
    ["/deploy", null],
    ["/xx", null],
  ])("%s is probably %s", (body, suggestion) => {
    expect(one(body)).toEqual({ kind: "unknown", word: body.slice(1), suggestion });
  });
});

describe("what others wrote or showed is not a command", () => {
  it.each([
    ["a quote", "> /promote"],
    ["a quote's paragraph that goes on without a sign", "> somebody said\n/promote"],
    ["a quote in a list", "- > somebody said\n/promote"],
    ["fenced code", "```\n/promote\n```"],
    ["fenced code with tildes and an info string", "~~~sh\n/promote\n~~~"],
    ["a fence that a shorter one does not close", "````\n```\n/promote\n````"],
    ["a fence that nothing closes", "```\n/promote"],
    ["a fence in a list item", "1. do this\n   ```\n   /promote\n   ```"],
    ["indented code", "    /promote"],
    ["code indented by a tab", "\t/promote"],
    ["an HTML comment", "<!--\n/promote\n-->"],
    ["an HTML comment that nothing closes", "<!-- hidden\n\n/promote"],
    ["a code span over several lines", "look at `this\n/promote\nhere`"],
    ["a code span of two ticks", "look at ``this `\n/promote\nhere``"],
    ["a code block of HTML", "<pre>\n/promote\n\n/promote\n</pre>"],
    ["a quote of HTML", "<blockquote>\n\n/promote\n\n</blockquote>"],
  ])("%s", (_name, body) => {
    expect(parseCommands(body)).toEqual([]);
  });

  it.each([
    ["after a quote and an empty line", "> somebody said\n\n/promote"],
    ["after a closed fence", "```\ncode\n```\n/promote"],
    ["after a closed HTML comment", "<!-- note -->\n/promote"],
    ["after a single tick", "it's a ` sign\n\n/promote\n\nanother ` sign"],
    ["after `<!--` in a code span", "write `<!--` here\n\n/promote"],
  ])("%s it is one", (_name, body) => {
    expect(parseCommands(body)).toEqual([{ kind: "promote", sha: null }]);
  });

  it("never finds one inside a fence, whatever stands around", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 3, max: 9 }), (text, ticks) => {
        const fence = "`".repeat(ticks);
        const before = text.replace(/[`~]/g, "");
        expect(parseCommands(`${before}\n\n${fence}\n/promote\n${fence}`)).toEqual(parseCommands(before));
      }),
    );
  });

  it("tells several commands in their order", () => {
    expect(parseCommands("/backup\n/promote").map((command) => command.kind)).toEqual(["backup", "promote"]);
  });
});

describe("a veto", () => {
  const veto = (lift: boolean, name: string, version: string, reason: string) => ({
    ...{ kind: "veto", lift, reason },
    package: { name, version },
  });
  it.each([
    ["/veto a@1.0.0", veto(false, "a", "1.0.0", "")],
    ["/veto a 1.0.0", veto(false, "a", "1.0.0", "")],
    [
      "/veto kinds:a@1.0.0-rc.1 it's wrong, all of it",
      veto(false, "kinds:a", "1.0.0-rc.1", "it's wrong, all of it"),
    ],
    ["/veto a 1.0.0 because of b@2.0.0", veto(false, "a", "1.0.0", "because of b@2.0.0")],
    ["/veto lift a@1.0.0 it was right", veto(true, "a", "1.0.0", "it was right")],
    ["/veto lift a 1.0.0", veto(true, "a", "1.0.0", "")],
    ["/veto lift@1.0.0", veto(false, "lift", "1.0.0", "")],
  ])("%j", (body, wanted) => {
    expect(one(body)).toEqual(wanted);
  });
  it.each([
    "/veto",
    "/veto a",
    "/veto a latest",
    "/veto lift",
    "/veto lift 1.0.0",
    "/veto a@1 x",
    "/veto this is broken",
  ])("%j names no version of a package", (body) => {
    expect(one(body)).toMatchObject({ kind: "bad_argument", word: "veto" });
  });
});

describe("a rollback of packages", () => {
  const one = (body: string) => parseCommands(body)[0];
  const named = (name: string, version: string | null) => ({ name, version });

  it("names one, one with its version, or several", () => {
    expect(one("/rollback")).toEqual({ kind: "rollback" });
    expect(one("/rollback discovery")).toEqual({ kind: "rollback", packages: [named("discovery", null)] });
    const first = { kind: "rollback", packages: [named("discovery", "1.4.0")] };
    expect(one("/rollback discovery 1.4.0")).toEqual(first);
    expect(one("/rollback discovery@1.4.0")).toEqual(first);
    expect(one("/rollback a@1.0.0 kinds:b@2.0.0 c@3.0.0-rc.1")).toEqual({
      kind: "rollback",
      packages: [named("a", "1.0.0"), named("kinds:b", "2.0.0"), named("c", "3.0.0-rc.1")],
    });
  });

  it("is no sentence that begins with the word", () => {
    expect(parseCommands("/rollback is what I would do")).toEqual([]);
  });
});
