/** Titles, branches, logins, comments and configurations that are written to be something else wherever they are shown or used. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../src/bot.ts";
import { loadCatalog } from "../../src/catalog-files.ts";
import { parseSiteConfig } from "../../src/core/config/parse.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { startTestBot } from "../support/bot.ts";
import { effectsOf } from "../support/markdown.ts";
import { isSettled, proposeStaging, startShop } from "../support/shop.ts";
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
/** No login of GitHub's holds such signs; whoever mirrors accounts from elsewhere may think otherwise. */
const LOGIN = "eve$(id)--@acme::set-env";
const BRANCH = "evil-$(id)-`id`-'quoted'-{{x}}-@acme-::set-env";

let double: Double;
let bot: Bot;
let pull: PullRequest;
const lines: string[] = [];
beforeAll(async () => {
  double = await startShop({ people: { ann: "write", bob: "read", [LOGIN]: "write" } });
  bot = await startTestBot(double, { lines });
  const ann = double.as("ann");
  await ann.push(BRANCH, { "theme.css": "x" }, { message: VALUES.join("\n") });
  pull = await ann.openPullRequest({ title: VALUES.join(" "), head: BRANCH, base: "production" });
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
});

/** What a pull request proposes is told with its mistakes: every key and every value is theirs. */
const hostileConfiguration = () =>
  EXAMPLE +
  VALUES.map((value, at) => `${JSON.stringify(`${at} ${value}`)}: ${JSON.stringify(value)}\n`).join("");

const settled = () => vi.waitFor(async () => expect(await isSettled(bot)).toBe(true), PATIENT);

test("what the bot writes holds no command, link, mention, marker or escape of others, and it goes on working", async () => {
  const ann = double.as("ann");
  for (const value of VALUES) await double.as("bob").comment(pull, `/promote ${value}`);
  for (const value of VALUES) await double.as("ann").comment(pull, `${value}\n\n/promote`);
  const staging = await proposeStaging(double, LOGIN);
  for (const command of ["/backup", "/lock $(id) `id` @acme/owners", "/status", "/unlock"])
    await double.as(LOGIN).comment(staging, command);
  await ann.push(BRANCH, { ".github/belay.yml": hostileConfiguration() });
  await settled();
  const own = double.state.comments.filter(({ author }) => author === double.app.bot.login);
  expect(own.length).toBeGreaterThan(VALUES.length);
  expect(own.some(({ body }) => body.includes("set-env"))).toBe(true);
  const shown = double.state.checks.filter(({ app }) => app === double.app.id).map(({ output }) => output);
  const checks = shown.flatMap(({ summary, text }) => [summary ?? "", text ?? ""]);
  // Titles and annotations are shown as they are, whatever they hold; only signs that nobody sees would do harm.
  for (const { title } of shown) expect(title).not.toContain("\u001b");
  const annotations = shown.flatMap((output) => output.annotations.map((one) => JSON.stringify(one)));
  expect(annotations).toHaveLength(VALUES.length);
  expect(annotations.join()).not.toContain("\\u001b");
  for (const text of [...own.map(({ body }) => body), ...checks]) {
    expect(text).not.toContain(ESCAPE);
    expect(text.split("\n").filter((line) => /^(::|##\[|\/promote)/.test(line))).toEqual([]);
    expect(effectsOf(text), text).toEqual([]);
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
