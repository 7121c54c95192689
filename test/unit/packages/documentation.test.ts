import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { RULES } from "../../../src/core/packages/rules/all.ts";

it("docs/packages.md says of every rule what it demands", () => {
  const page = readFileSync(path.resolve(import.meta.dirname, "../../../docs/packages.md"), "utf8");
  for (const [id, demands] of RULES) expect(page).toContain(`| \`${id}\` | ${demands} |`);
});
