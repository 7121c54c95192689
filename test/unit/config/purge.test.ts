import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { EXAMPLE } from "./example.ts";

const catalog = loadCatalog();
const parsed = (lines: string) => parseSiteConfig(`${EXAMPLE}\n${lines}\n`, catalog);

function purge(lines: string) {
  const read = parsed(`purge:\n${lines}`);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.config.purge;
}
function refused(lines: string) {
  const read = parsed(lines);
  return read.ok
    ? []
    : read.errors.map(({ code, path, message, remedy }) => ({ code, path, message, remedy }));
}

describe("purge", () => {
  it("is folders, requests and names of commands", () => {
    expect(
      purge(`
  - {path: wp-content/cache/pages}
  - {url: "http://127.0.0.1:6081/", method: BAN, headers: {Host: acme.example}, secret_headers: {X-Key: CDN}, within_s: 3}
  - {url: "https://cdn.example/purge?all=1", method: POST, body: "{}"}
  - {command: varnish}`),
    ).toEqual([
      { kind: "path", path: "wp-content/cache/pages", within_s: 10 },
      {
        kind: "url",
        url: "http://127.0.0.1:6081/",
        method: "BAN",
        headers: { Host: "acme.example" },
        secret_headers: { "X-Key": "CDN" },
        body: null,
        within_s: 3,
      },
      {
        kind: "url",
        url: "https://cdn.example/purge?all=1",
        method: "POST",
        headers: {},
        secret_headers: {},
        body: "{}",
        within_s: 10,
      },
      { kind: "command", command: "varnish", within_s: 10 },
    ]);
  });

  it("empties nothing that is data or code", () => {
    for (const path of ["wp-content/plugins", "wp-content/uploads", "wp-content/cached"])
      expect(refused(`purge: [{path: ${path}}]`)).toEqual([
        expect.objectContaining({ code: "purge_not_volatile", path: "purge[0].path" }),
      ]);
    expect(refused("purge: [{path: wp-content/cache/../plugins}]")).not.toEqual([]);
    expect(refused("purge: [{path: /etc}]")).not.toEqual([]);
  });

  it("holds no programs, credentials or several things at once", () => {
    for (const step of [
      "{command: rm -rf /}",
      "{command: ../x}",
      "{}",
      "{path: wp-content/cache, command: varnish}",
      "{command: varnish, method: PURGE}",
      '{url: "ftp://cache/"}',
      '{url: "http://user:pass@cache/"}',
      '{url: "http://cache/", method: DELETE}',
      '{url: "http://cache/", secret_headers: {X-Key: lower-case}}',
      '{url: "http://cache/", headers: {"X-A: b\\r\\nX": y}}',
      '{url: "http://cache/", headers: {X: "a\\r\\nb"}}',
    ]) {
      const errors = refused(`purge: [${step}]`);
      expect(errors, step).not.toEqual([]);
      for (const { message, remedy } of errors) expect(message !== "" && remedy !== "").toBe(true);
    }
  });
});

describe("hold", () => {
  it("refuses where nothing is said", () => {
    const read = parsed("");
    expect(read.ok && read.config.hold).toEqual({ without: "refuse" });
    const brief = parsed("hold: {without: brief_mixture}");
    expect(brief.ok && brief.config.hold).toEqual({ without: "brief_mixture" });
    expect(refused("hold: {without: ignore}")).toHaveLength(1);
  });
});
