import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { loadCatalog } from "../../src/catalog-files.ts";
import { parseSiteConfig } from "../../src/core/config/parse.ts";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string) => readFile(path.join(root, file), "utf8");
const pages = [
  "README.md",
  ...(await readdir(path.join(root, "docs"), { recursive: true }))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map((match) => match[1] ?? "");

test.each(pages)("%s: what it links to is there", async (page) => {
  const text = await read(page);
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  for (const link of links)
    await expect(access(path.resolve(root, path.dirname(page), link)), link).resolves.toBeUndefined();
});

test("the example of a site's configuration is one", async () => {
  const [example = ""] = blocks(await read("docs/configuration.md"), "yaml");
  expect(parseSiteConfig(example, loadCatalog())).toMatchObject({ ok: true });
});

test.each(pages)("%s: every npm command in it exists", async (page) => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await read("package.json")));
  const named = [...(await read(page)).matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? "");
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

test("every playbook and program that the pages name exists", async () => {
  for (const page of pages) {
    const named = [
      ...(await read(page)).matchAll(
        /(?<![\w/])((?:ansible|script|src|contracts|catalog)\/[\w./-]+\.(?:yml|ts|yaml|json|py))\b/g,
      ),
    ];
    for (const [, file = ""] of named)
      await expect(access(path.join(root, file)), `${page}: ${file}`).resolves.toBeUndefined();
  }
});

test("every test that the page on security names is there", async () => {
  const page = await read("docs/security.md");
  const rows = [...page.matchAll(/^\| .+ \| `([^`]+)` \| (.+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(30);
  for (const [, file = "", name = ""] of rows) expect(await read(file), `${file}: ${name}`).toContain(name);
});
