/** What docs/catalog.md tells somebody who adds a plugin is what happens when they do it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { CatalogError, parseCatalog } from "../../../src/core/wordpress/catalog.ts";
import { compileRules, optionRule, tableRule } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const [example = ""] = [...read("docs/catalog.md").matchAll(/```yaml\n(.*?)```/gs)].map(
  (block) => block[1] ?? "",
);
const shipped = readdirSync(path.join(root, "catalog"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yml"))
  .map((name) => ({ name, text: read(`catalog/${name}`) }));
const withFile = (text: string) => parseCatalog([...shipped, { name: "example-bookings.yml", text }]);

function rulesWith(text: string) {
  const catalog = withFile(text);
  const parsed = parseSiteConfig(`${EXAMPLE}refresh: {personal_data: mask}\n`, catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compileRules(parsed.config, catalog);
}

describe("the page's example, put into the catalog as a file", () => {
  const rules = rulesWith(example);
  it.each([
    ["example_bookings", "live", "catalog:example-bookings"],
    ["example_booking_notes", "live", "catalog:example-bookings"],
    ["example_rooms", "config", "catalog:example-bookings"],
  ])("%s is %s, and the plan names the file", (table, kind, origin) => {
    expect(tableRule(rules, table)).toMatchObject({ class: kind, origin });
  });
  it("has rows of its own in WordPress's tables, after WordPress's own rules", () => {
    const rows = tableRule(rules, "posts")?.rows ?? [];
    const own = rows.findIndex(({ match }) => match.post_type?.in?.includes("example_request"));
    const draft = rows.findIndex(({ match }) => match.post_status?.in?.includes("auto-draft"));
    expect(own).toBeGreaterThan(draft);
    expect(tableRule(rules, "example_rooms")?.ignore_columns).toEqual(["last_seen"]);
  });
  it.each([
    ["example_api_key", "secret"],
    ["example_licence_1", "secret"],
    ["example_db_version", "derived"],
    ["example_colour", "config"],
  ])("%s is %s", (option, kind) => {
    expect(optionRule(rules, option, "wp_")).toMatchObject({
      class: kind,
      origin: "catalog:example-bookings",
    });
  });
  it("tells what masks change, what is a reference, a cache, or an environment's own", () => {
    expect(rules.copy.masks).toContainEqual({
      table: "example_bookings",
      columns: { guest: "name", email: "email", phone: "phone", answers: "empty" },
      match: {},
    });
    expect(rules.copy.masks).toContainEqual({
      table: "usermeta",
      columns: { meta_value: "address" },
      match: { meta_key: { in: ["example_home"] } },
    });
    expect(rules.reference_options.example_page_id).toBe("post");
    expect(rules.volatile_paths).toContain("wp-content/uploads/example-cache");
    expect(rules.shared_paths).toContain("wp-content/example-drop-in.php");
  });
});

describe("a file that is wrong", () => {
  it.each([
    ["class: config, tables", "class: konfig, tables", "class"],
    ["guest: name", "guest: person", "guest"],
    ["table: usermeta, columns", 'table: "user*", columns', "one table"],
    ["columns: { meta_value: address }", "columns: {}", "at least one column"],
    ["personal:", "private:", "private"],
    ["\\\\_cache", "_cache", "an underscore is written"],
    ["{ in: [example_home] }", "{ like: [example_home] }", "an underscore is written"],
  ])("is refused with its name and the place: %s -> %s", (from, to, told) => {
    expect(example).toContain(from);
    const put = () => withFile(example.replace(from, to));
    expect(put).toThrow(CatalogError);
    expect(put).toThrow("example-bookings.yml");
    expect(put).toThrow(told);
  });
});

describe("the schema for editors", () => {
  const validate = new Ajv2020().compile(JSON.parse(read("contracts/catalog.schema.json")));
  it("is where the example's first line says", () => {
    const place = /\$schema=(\S+)/.exec(example)?.[1] ?? "";
    expect(path.join(root, "catalog", place)).toBe(path.join(root, "contracts/catalog.schema.json"));
  });
  it("accepts the example and every shipped file", () => {
    for (const { name, text } of [...shipped, { name: "the example", text: example }])
      if (!name.startsWith("presets/"))
        expect(validate(parse(text)), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
  });
  it("refuses what the program refuses", () => {
    for (const [from, to] of [
      ["class: config, tables", "class: konfig, tables"],
      ["guest: name", "guest: person"],
      ["personal:", "private:"],
    ] as const)
      expect(validate(parse(example.replace(from, to)))).toBe(false);
  });
});
