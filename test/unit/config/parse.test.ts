import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { ConfigError, SiteConfig } from "../../../src/core/config/types.ts";
import { EXAMPLE } from "./example.ts";

const catalog = loadCatalog();

function config(text: string): SiteConfig {
  const parsed = parseSiteConfig(text, catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 2));
  return parsed.config;
}

function errors(text: string): readonly ConfigError[] {
  const parsed = parseSiteConfig(text, catalog);
  return parsed.ok ? [] : parsed.errors;
}

/** The example with one text replaced, which must be there. */
function changed(from: string, to: string): string {
  if (!EXAMPLE.includes(from)) throw new Error(`the example has no ${from}`);
  return EXAMPLE.replace(from, to);
}

describe("a configuration that is right", () => {
  it("is read, with defaults filled in", () => {
    const site = config(EXAMPLE);
    expect(site.environments.staging).toEqual({
      name: "staging",
      type: "staging",
      branch: "staging",
      url: "https://staging.acme.example",
      host: "web-staging",
      root: "/srv/www/staging",
      database: { name: "acme_staging", prefix: "xyz_" },
      cloned_from: "production",
      built_from_git: true,
    });
    expect(site.environments.production?.cloned_from).toBeNull();
    expect(site.promotion.backup.max_age_s).toBe(90);
    expect(site.health[1]).toEqual({ path: "/shop/", status: 200, contains: "Add to cart", within_s: 10 });
  });

  it("needs no health checks, checklist or lists", () => {
    const text = `${EXAMPLE.slice(0, EXAMPLE.indexOf("promotion:"))}promotion: {preset: content-protect}\n`;
    const site = config(text);
    expect(site.health).toEqual([{ path: "/", status: 200, within_s: 10 }]);
    expect(site.checklist).toEqual([]);
    expect(site.promotion).toEqual({
      preset: "content-protect",
      drift: "strict",
      tables: { promote: [], protect: [], live: [] },
      options: { keep: [], promote: [], source_wins: [] },
      files: { protect: [], shared: [], volatile: [], promote: [] },
      references: {},
      backup: { max_age_s: null },
      keep_failed_s: 7 * 24 * 3600,
      candidate: true,
      migrations: { destructive: [], unpredicted: false },
      data_updates: [],
    });
  });
});

describe("a configuration that is wrong", () => {
  it("tells everything at once, in the order of the file", () => {
    const text = EXAMPLE.replace("version: 1", "version: 2")
      .replace("path: [staging, production]", "path: [stagin, production]")
      .replace("host: web-staging", "host: web-*")
      .replace("prefix: wp_", 'prefix: "wp-"')
      .replace("preset: commerce-protect", "preset: comerce-protect")
      .replace("  drift: strict", "  drft: strict");
    expect(errors(text).map(({ line, path, code }) => `${line} ${path} ${code}`)).toEqual([
      "1 version invalid_value",
      "3 path[0] path_unknown",
      "9 environments.staging.host invalid_value",
      "19 environments.production.database.prefix invalid_value",
      "21 promotion.preset invalid_value",
      "22 promotion.drft unknown_key",
    ]);
  });

  it("has a sentence and a remedy for each error", () => {
    const [error] = errors(changed("preset: commerce-protect", "preset: comerce-protect"));
    expect(error).toEqual({
      code: "invalid_value",
      line: 21,
      column: 11,
      path: "promotion.preset",
      message:
        "`promotion.preset` is none of `content-protect`, `commerce-protect` (did you mean `commerce-protect`?).",
      remedy: "Write `commerce-protect` or another of them.",
    });
    const [unknown] = errors(changed("    branch: staging\n", "    brnach: staging\n    branch: staging\n"));
    expect(unknown).toMatchObject({
      line: 7,
      column: 5,
      message: "`environments.staging` has no key `brnach`: did you mean `branch`?",
      remedy: "Write `branch:` in place of `brnach:`.",
    });
    const [missing] = errors(changed("    host: web-1\n", ""));
    expect(missing).toMatchObject({
      code: "missing_key",
      line: 13,
      message: "`environments.production.host` is missing.",
      remedy: "Add `host: web-1`.",
    });
    const [number] = errors(changed("site: acme-shop", "site: 42"));
    expect(number).toMatchObject({
      line: 2,
      message: "`site` must be a text.",
      remedy: 'Put it in quotes: `"42"`.',
    });
  });

  it.each([
    ["", "empty"],
    ["site: [", "yaml_invalid"],
    ["just a text", "invalid_type"],
    [changed("site: acme-shop", "site: &a acme-shop\nextra: *a"), "alias"],
    [changed("site: acme-shop", "site: acme-shop\nsite: other"), "duplicate_key"],
    [`${EXAMPLE}---\n${EXAMPLE}`, "yaml_invalid"],
    [`${"[".repeat(30_000)}`, "yaml_invalid"],
    [`checklist: ["${"x".repeat(70_000)}"]`, "too_long"],
    [changed("site: acme-shop", "site: !local acme"), "yaml_invalid"],
  ])("refuses text that is no configuration (%#)", (text, code) => {
    expect(errors(text).map((error) => error.code)).toContain(code);
  });

  it("reports a key written twice together with other errors, on its line", () => {
    const found = errors(changed("site: acme-shop", "site: acme-shop\nsite: other").replace("wp_", "wp-"));
    expect(found.map(({ line, code }) => `${line} ${code}`)).toEqual(["3 duplicate_key", "20 invalid_value"]);
  });

  it.each([
    ["path: [staging, production]", "path: [production, staging]", "path[0]", "production_not_last"],
    ["path: [staging, production]", "path: [staging, staging, production]", "path[1]", "path_twice"],
    ["path: [staging, production]", "path: [production]", "path", "out_of_range"],
    ["type: staging", "type: production", "path[0]", "production_not_last"],
    ["type: staging", "type: production", "environments.production.type", "second_production"],
    ["branch: production", "branch: staging", "environments.production.branch", "same_branch"],
    ["url: https://acme", "url: https://staging.acme", "environments.production.url", "same_url"],
    ["cloned_from: production", "cloned_from: prod", "environments.staging.cloned_from", "clone_unknown"],
    ["cloned_from: production", "cloned_from: staging", "environments.staging.cloned_from", "clone_unknown"],
    [
      "host: web-1\n    root: /srv/www/acme",
      "host: web-staging\n    root: /srv/www/staging",
      "environments.production.root",
      "same_root",
    ],
    [
      "host: web-1\n    root: /srv/www/acme",
      "host: web-staging\n    root: /srv/www/staging/sub",
      "environments.production.root",
      "nested_root",
    ],
    [
      "volatile: [wp-content/uploads/cache]",
      "volatile: [wp-content]",
      "promotion.files.volatile[0]",
      "volatile_covers",
    ],
    ["promote: [acme_widgets]", "promote: [posts]", "promotion.tables.promote[0]", "promotes_protected"],
    ["promote: [acme_widgets]", 'promote: ["wc_*"]', "promotion.tables.promote[0]", "promotes_protected"],
    ["promote: [acme_widgets]", 'promote: ["p?st*"]', "promotion.tables.promote[0]", "promotes_protected"],
    ["promote: [acme_widgets]", "promote: [options]", "promotion.tables.promote[0]", "promotes_options"],
  ])("judges what values mean together: %s -> %s", (from, to, path, code) => {
    expect(errors(changed(from, to)).map((error) => `${error.path} ${error.code}`)).toContain(
      `${path} ${code}`,
    );
  });

  it.each([
    [
      "url",
      [
        "ftp://a.example",
        "https://a.example/",
        "https://u:p@a.example",
        "https://a.example?x=1",
        "https://a b",
      ],
    ],
    ["host", ["web:db", "a,b", "!web", "web*", "&web", "all", "-x", "web 1"]],
    ["root", ["/", "srv/www", "/srv/../etc", "/srv/www/", "/srv//www", "/etc/acme", "/var", "/srv/a b"]],
    ["branch", ["a b", "-x", "a..b", "refs/x.lock", "a~1", "x/"]],
  ])("refuses a %s that is not one", (key, values) => {
    for (const value of values) {
      const text = EXAMPLE.replace(
        new RegExp(`(  staging:[^]*?    ${key}: ).*`),
        `$1${JSON.stringify(value)}`,
      );
      expect(
        errors(text).map(({ path }) => path),
        value,
      ).toContain(`environments.staging.${key}`);
    }
  });

  it.each(["belay_x_", "BELAY_", "wp-", "", "a".repeat(21)])("refuses the prefix %j", (prefix) => {
    const text = changed("prefix: wp_", `prefix: ${JSON.stringify(prefix)}`);
    expect(errors(text).map(({ path }) => path)).toEqual(["environments.production.database.prefix"]);
  });

  it.each(["../x", "/etc", "a/../b", "uploads/*", "a//b", "."])("refuses the path %j", (path) => {
    const text = changed("shared: [.htaccess]", `shared: [${JSON.stringify(path)}]`);
    expect(errors(text).map((error) => error.path)).toEqual(["promotion.files.shared[0]"]);
  });

  it("is not led astray by names of JavaScript's own", () => {
    const text = changed("path: [staging, production]", "path: [constructor, production]");
    expect(errors(text).map(({ code }) => code)).toEqual(["path_unknown"]);
    expect(errors(changed("site: acme-shop", "site: acme-shop\n__proto__: {}"))).toHaveLength(1);
  });
});

describe("what a refresh leaves out", () => {
  const withRefresh = (refresh: string) => `${EXAMPLE}refresh: ${refresh}\n`;
  it("is nothing unless the site says so", () => {
    expect(config(EXAMPLE).refresh).toEqual({
      personal_data: "keep",
      leave_out: { tables: [], files: [] },
    });
  });
  it("is read", () => {
    const text = withRefresh(
      '{personal_data: mask, leave_out: {tables: ["gf_entry*"], files: [wp-content/uploads/private]}}',
    );
    expect(config(text).refresh).toEqual({
      personal_data: "mask",
      leave_out: { tables: ["gf_entry*"], files: ["wp-content/uploads/private"] },
    });
  });
  it.each([
    ["personal_data: hide", "refresh.personal_data", "invalid_value"],
    ["masks: true", "refresh.masks", "unknown_key"],
    ["leave_out: {tables: [users]}", "refresh.leave_out.tables[0]", "leaves_out_needed"],
    ['leave_out: {tables: ["opt*"]}', "refresh.leave_out.tables[0]", "leaves_out_needed"],
    ["leave_out: {tables: [posts, acme_widgets]}", "refresh.leave_out.tables[1]", "leaves_out_promoted"],
    ['leave_out: {tables: ["gf_*"]}', "refresh.leave_out.tables[0]", "leaves_out_promoted"],
    ["leave_out: {files: [wp-content/themes]}", "refresh.leave_out.files[0]", "leaves_out_elsewhere"],
    ["leave_out: {files: [wp-content/uploads-old]}", "refresh.leave_out.files[0]", "leaves_out_elsewhere"],
    ["leave_out: {files: [../x]}", "refresh.leave_out.files[0]", "invalid_value"],
  ])("cannot be %s", (line, path, code) => {
    const found = errors(withRefresh(`{${line}}`));
    expect(found.map((error) => [error.path, error.code])).toContainEqual([path, code]);
    for (const { remedy, message } of found) expect([remedy, message]).not.toContain("");
  });
  it("says why a promotable table cannot be missing", () => {
    expect(errors(withRefresh('{leave_out: {tables: ["gf_*"]}}'))[0]).toMatchObject({
      message:
        "`gf_*` would leave out the promotable `gf_form`: the next promotion could empty it in production.",
      remedy: "Name only tables of protected data, for example `gf_entry*`.",
      line: 31,
    });
  });
});
