/** Anybody may propose a configuration, from a fork too: no file may keep the bot from its work, nor make it write without end. */
import { expect, it, vi } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { configurationCheck } from "../../../src/core/rendering/configuration.ts";
import { EXAMPLE } from "./example.ts";

// It is the processor's time that counts, however long that takes on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const LONGEST = 64 * 1024;
const catalog = loadCatalog();
/** As often as it goes into a file of the longest length. */
const many = (one: (at: number) => string, room = LONGEST - EXAMPLE.length - 100) => {
  let text = "";
  for (let at = 0; text.length + one(at).length < room; at++) text += one(at);
  return text;
};
const half = (LONGEST - EXAMPLE.length - 200) / 2;
const stars = (end: string) => many((at) => `"${"*a".repeat(28)}${at}${end}",`, half);
const words = (end: string) => many((at) => `"*a${at}${end}",`, half);
const both = (list: (end: string) => string) =>
  EXAMPLE.replace("promote: [acme_widgets]", `promote: [${list("b")}]`).concat(
    `refresh: {leave_out: {tables: [${list("c")}]}}\n`,
  );
const environment = (at: number) =>
  `  e${at}: {type: staging, branch: b${at}, url: "https://a${at}.e", host: h, root: /srv/a${at}, database: {name: d${at}, prefix: w}}\n`;

it.each([
  ["many short patterns", both(words)],
  ["many long patterns", both(stars)],
  ["many environments", EXAMPLE.replace("environments:", `environments:\n${many(environment)}`)],
  [
    "many empty environments",
    EXAMPLE.replace("environments:", `environments:\n${many((at) => `  e${at}: {}\n`)}`),
  ],
  ["a long path", EXAMPLE.replace("path: [", `path: [${many((at) => `e${at},`)}`)],
  ["unknown keys", EXAMPLE + many((at) => `k${at}: 1\n`)],
  ["wrong values", EXAMPLE.replace("checklist: [", `checklist: [${many(() => "1,")}`)],
  ["lists in lists", `a: ${"[".repeat(LONGEST - 10)}`],
  ["blocks in blocks", many((at) => `${" ".repeat(at)}a:\n`)],
  ["aliases of aliases", `a0: &a0 [x]\n${many((at) => `a${at + 1}: &a${at + 1} [*a${at},*a${at}]\n`)}`],
])("%s", (_name, text) => {
  expect(text.length).toBeLessThanOrEqual(LONGEST);
  const before = process.cpuUsage();
  const proposed = parseSiteConfig(text, catalog);
  const check = configurationCheck({ head_sha: "1".repeat(40), path: "belay.yml", now: null, proposed });
  const { user, system } = process.cpuUsage(before);
  // The processor's time, whatever else the machine does.
  expect((user + system) / 1_000).toBeLessThan(5_000);
  expect(proposed.ok).toBe(false);
  expect(check.annotations?.length).toBeLessThanOrEqual(50);
});

it("a list that is too long is told as a whole", () => {
  const tables = Array.from({ length: 201 }, (_, at) => `t${at}`).join(", ");
  const read = parseSiteConfig(EXAMPLE.replace("acme_widgets", tables), catalog);
  expect(read).toMatchObject({
    ok: false,
    errors: [
      {
        path: "promotion.tables.promote",
        code: "out_of_range",
        message: expect.stringContaining("at most 200"),
      },
    ],
  });
});
