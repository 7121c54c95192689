import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { durationSeconds } from "../../../src/core/config/duration.ts";
import { environmentForBase, pairFor } from "../../../src/core/config/pairs.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { suggest } from "../../../src/core/config/suggest.ts";
import { EXAMPLE } from "./example.ts";

const THREE = EXAMPLE.replace("path: [staging, production]", "path: [dev, staging, production]").replace(
  "environments:\n",
  `environments:
  dev: {type: clone, branch: dev, url: "https://dev.acme.example", host: web-staging, root: /srv/www/dev, database: {name: acme_dev, prefix: wp_}}
  demo: {type: clone, branch: demo, url: "https://demo.acme.example", host: web-staging, root: /srv/www/demo, database: {name: acme_demo, prefix: wp_}}
`,
);
const parsed = parseSiteConfig(THREE, loadCatalog());
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const { config } = parsed;

const reason = (base: string, head: string) => {
  const pair = pairFor(config, base, head);
  return pair.ok ? `${pair.source.name} > ${pair.target.name}` : pair.reason;
};

describe("pairFor", () => {
  it("names source and target of each step", () => {
    expect(reason("production", "staging")).toBe("staging > production");
    expect(reason("staging", "dev")).toBe("dev > staging");
  });
  it("refuses everything else, with the reason", () => {
    expect(reason("main", "staging")).toBe("not_governed");
    expect(reason("production", "feature")).toBe("wrong_head");
    expect(reason("production", "production")).toBe("wrong_head");
    expect(reason("production", "demo")).toBe("wrong_head");
    expect(reason("production", "dev")).toBe("skips_step");
    expect(reason("dev", "feature")).toBe("no_source");
    expect(reason("demo", "dev")).toBe("off_path");
  });
  it("says what to do", () => {
    expect(pairFor(config, "production", "dev")).toEqual({
      ok: false,
      reason: "skips_step",
      message:
        "`dev` cannot be promoted straight to `production`: no step of the path dev > staging > production may be skipped.",
      remedy: "Open a pull request from `staging` to `production`.",
    });
  });
  it("finds the environment of a branch", () => {
    expect(environmentForBase(config, "staging")?.name).toBe("staging");
    expect(environmentForBase(config, "main")).toBeNull();
  });
});

describe("small words", () => {
  it.each([
    ["90s", 90],
    ["15m", 900],
    ["24h", 86_400],
    ["30d", 2_592_000],
    ["0s", null],
    ["1.5h", null],
    ["24", null],
    ["-1h", null],
    ["1h30m", null],
    ["", null],
  ])("durationSeconds(%j) is %j", (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });
  it("suggests near words only", () => {
    expect(suggest("brnach", ["branch", "host"])).toBe("branch");
    expect(suggest("prd", ["production"])).toBeNull();
    expect(suggest("x", [])).toBeNull();
  });
});
