/** Titles, branches, logins, comments and configurations that are written to be something else wherever they are shown or used. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../src/bot.ts";
import { loadCatalog } from "../../src/catalog-files.ts";
import { parseSiteConfig } from "../../src/core/config/parse.ts";
import { type Double, startDouble } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { METRICS_TOKEN, startTestBot } from "../support/bot.ts";
import { EXAMPLE } from "../unit/config/example.ts";

const PATIENT = { timeout: 60_000, interval: 50 };
const ESCAPE = "\u001b[2J";
const VALUES = [
  "$(touch /tmp/owned)",
  "`touch /tmp/owned`",
  "{{ lookup('pipe', 'touch /tmp/owned') }}",
  "'; drop table deliveries; --",
  "- !!python/object/apply:os.system [id]",
  "::set-output name=result::succeeded",
  "##[add-path]/tmp",
  "<!-- belay:operation=00000000-0000-4000-8000-000000000000 -->",
  "<img src=x onerror=alert(1)>",
  "[promote](https://evil.example) @acme/owners",
  `${ESCAPE}invisible`,
  "/promote",
  "| a | b |\n|---|---|",
];
const BRANCH = "evil-$(id)-`id`-'quoted'-{{x}}-@acme-::set-env";

let double: Double;
let bot: Bot;
let pull: PullRequest;
const lines: string[] = [];
beforeAll(async () => {
  double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": EXAMPLE },
        branches: ["staging", "production"],
        people: { ann: "write", bob: "read" },
      },
    ],
  });
  bot = await startTestBot(double, { lines });
  const ann = double.as("ann");
  await ann.push(BRANCH, { "theme.css": "x" }, { message: VALUES.join("\n") });
  pull = await ann.openPullRequest({ title: VALUES.join(" "), head: BRANCH, base: "production" });
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
});

const settled = () =>
  vi.waitFor(async () => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const text = await (await fetch(`${bot.url}/api/metrics`, { headers })).text();
    expect(text).not.toMatch(/^belay_(deliveries|effects)\{state="pending"\} [1-9]/m);
  }, PATIENT);

test("what the bot writes holds no command, link, mention, marker or escape of others, and it goes on working", async () => {
  for (const value of VALUES) await double.as("bob").comment(pull, `/promote ${value}`);
  for (const value of VALUES) await double.as("ann").comment(pull, `${value}\n\n/promote`);
  await settled();
  const own = double.comments(pull).filter(({ author }) => author === double.app.bot.login);
  expect(own.length).toBeGreaterThan(VALUES.length);
  const checks = double
    .checks(pull.headSha)
    .map(({ output }) => `${output.title}\n${output.summary}\n${output.text}`);
  for (const text of [...own.map(({ body }) => body), ...checks]) {
    expect(text).not.toContain(ESCAPE);
    expect(text).not.toContain("belay:operation=00000000");
    expect(text).not.toContain("](https://evil.example)");
    expect(text).not.toContain("<img");
    expect(text.split("\n").filter((line) => /^(::|##\[|\/promote)/.test(line))).toEqual([]);
    // Where a mention stands in code it notifies nobody.
    expect(text.replaceAll(/(`+)[^`]*\1/g, "")).not.toMatch(/(^|\s)@acme/);
  }
  expect(double.state.runs).toEqual([]);
  expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
  expect(double.problems).toEqual([]);
}, 120_000);

test("every line of the log is one JSON object without control characters", () => {
  expect(lines.length).toBeGreaterThan(VALUES.length);
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(line.trimEnd()).not.toMatch(/[\u0000-\u001f]/);
  }
});

/** Everything in a configuration that reaches a host, a shell, a database or an inventory by its name. */
const PLACES = [
  ["host: web-1", "host"],
  ["root: /srv/www/acme", "root"],
  ["{name: acme, prefix: wp_}", "database"],
  ["branch: production", "branch"],
] as const;
const INJECTIONS = [
  "$(id)",
  "`id`",
  "{{ 1 }}",
  "a; id",
  "-oProxyCommand=id",
  "../../etc",
  "::set-env",
  ESCAPE,
];

test.each(PLACES)("no value that means something else is taken for %s", (place, name) => {
  const catalog = loadCatalog();
  expect(parseSiteConfig(EXAMPLE, catalog).ok).toBe(true);
  for (const injection of INJECTIONS) {
    const value = JSON.stringify(name === "root" ? `/srv/${injection}` : injection);
    const put = name === "database" ? `{name: ${value}, prefix: wp_}` : `${name}: ${value}`;
    expect(EXAMPLE).toContain(place);
    expect(parseSiteConfig(EXAMPLE.replace(place, put), catalog).ok, `${name}: ${injection}`).toBe(false);
  }
});
