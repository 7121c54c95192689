/** Anybody may comment on a public repository: no comment that GitHub takes may keep the bot from its work. */
import { expect, it, vi } from "vitest";
import { parseCommands } from "../../../src/core/commands.ts";

// It is the processor's time that counts, however long that takes on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

/** GitHub takes no longer comments. */
const LONGEST = 65_536;
const full = (sign: string) => sign.repeat(Math.floor(LONGEST / sign.length));

it.each([
  ["spaces within a line", `/promote a${" ".repeat(LONGEST - 11)}b`],
  ["spaces behind a word", `/promote${" ".repeat(LONGEST - 8)}`],
  ["spaces within a reason", `/lock a${" ".repeat(LONGEST - 8)}b`],
  ["a code span on each line", full("`a`\n")],
  ["ticks that close nothing", Array.from({ length: 360 }, (_, at) => "`".repeat(at + 1)).join(" ")],
  ["opaque elements", full("<pre></pre>")],
  ["HTML comments", full("<!---->\n")],
  ["commands", full("/a\n")],
  ["marks of lists", full("- ")],
  ["marks of quotes", full("> ")],
  ["digits", full("1")],
])("%s", (_name, body) => {
  // The processor's time, whatever else the machine does: a square of the length takes seconds.
  const before = process.cpuUsage();
  parseCommands(body);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(600);
});

it("counts a comment's commands no further than it must", () => {
  expect(parseCommands(full("/promote\n")).map(({ kind }) => kind)).toEqual(Array(10).fill("promote"));
});

it("finds the end of an element where it is, whatever signs stand before", () => {
  // The lower case of `İ` is longer by one: places counted there would lie too far ahead.
  const before = "İ".repeat(40);
  expect(parseCommands(`${before}</pre><pre>\n/promote\n</pre>`)).toEqual([]);
  expect(parseCommands(`${before}<PRE>\n/backup\n</Pre>\n/promote`)).toEqual([
    { kind: "promote", sha: null },
  ]);
});
