/** Judges what is left of a case: the site, the protected data, the reports. Every complaint is a sentence. */
import { readlinkSync } from "node:fs";
import path from "node:path";
import { FACTS } from "../../../src/core/facts.ts";
import type { Report } from "../../../src/core/report.ts";
import { difference, lostComments, type Observation, observe } from "../../../test/lab/comparison.ts";
import { mariadb } from "../../../test/lab/servers/mariadb.ts";
import { loadPage, pay } from "../../../test/lab/visits.ts";
import { activeIn, type World } from "./world.ts";
import type { Written } from "./writers.ts";

export type Version = "old" | "new" | "neither";

const versionOf = (world: World, release: string): Version =>
  release === world.old ? "old" : [world.new, world.upgraded].includes(release) ? "new" : "neither";

/** What the site serves, seen by a visitor on three pages, and on the host. */
export async function serves(
  world: World,
): Promise<{ readonly version: Version; readonly complaints: readonly string[] }> {
  const { site } = world;
  const seen = await Promise.all(["/", "/?p=1", "/about/"].map((page) => pay(site, loadPage(page))));
  const complaints = seen.flatMap((one) =>
    one.kind === "failure" ? [`a page fails afterwards: ${one.reason}`] : [],
  );
  const versions = new Set(seen.map((one) => (one.kind === "page" ? one.version : "")));
  const current = activeIn(site);
  const state = readlinkSync(path.join(site.root, ".belay/hold/state"));
  if (!state.startsWith(`${current}@`))
    complaints.push(`the hold says ${state}, \`current\` points to ${current}`);
  const version = versionOf(world, current);
  const expected = { old: "1", new: "2", neither: "" }[version];
  if (versions.size !== 1 || !versions.has(expected))
    complaints.push(`release ${current} is current, pages show ${[...versions].join(" and ")}`);
  return { version, complaints };
}

/** Protected rows and files: what was there is as it was, what was acknowledged is there, and nothing that nobody wrote. */
export async function protectedChanges(
  world: World,
  before: Observation,
  written: Written,
): Promise<readonly string[]> {
  const { lab, site } = world;
  const after = await observe(lab.database.socket, site);
  const texts = await mariadb(
    lab.database.socket,
    `SELECT comment_ID, comment_content FROM ${site.prefix}comments`,
    site.database,
  );
  const contents = new Map(
    texts.split("\n").map((line) => [line.split("\t")[0] ?? "", line.split("\t")[1] ?? ""]),
  );
  const tried = new Set(written.tried);
  const own = (where: string, key: string) =>
    (where === "comments" && tried.has(contents.get(key) ?? "")) ||
    (where === "uploads" && tried.has(key.replace(/\.part$/, "")));
  const changed = difference(before, after).filter(
    ({ where, key, change }) => !(change === "added" && own(where, key)),
  );
  const lost = await lostComments(lab.database.socket, site, written.comments);
  const gone = written.uploads.filter((file) => after.uploads?.[file] === undefined);
  return [
    ...changed.map(({ where, key, change }) => `protected data: ${where} ${key} was ${change}`),
    ...lost.map(({ id }) => `the acknowledged comment ${id} is lost`),
    ...gone.map((file) => `the acknowledged upload ${file} is lost`),
  ];
}

/** Does the report of a promotion or a rollback say what is so? */
export function tells(report: Report | undefined, version: Version): readonly string[] {
  return report?.job_type === "release_rollback"
    ? rollbackTells(report, version)
    : promotionTells(report, version);
}

function rollbackTells(report: Report, version: Version): readonly string[] {
  const facts = FACTS.release_rollback.partial().safeParse(report.facts);
  const activated = facts.success ? facts.data.activated : undefined;
  return [
    ...(report.status === "succeeded" && version !== "old"
      ? [`the report says succeeded, the site is ${version}`]
      : []),
    ...(report.status !== "succeeded" && report.error_code === undefined
      ? ["the report gives no reason"]
      : []),
    ...(activated === true && version !== "old"
      ? [`the report says switched back, the site is ${version}`]
      : []),
  ];
}

function promotionTells(report: Report | undefined, version: Version): readonly string[] {
  if (report === undefined) return [];
  const facts = FACTS.env_promote.partial().safeParse(report.facts);
  const told = facts.success ? facts.data : {};
  const problems: string[] = [];
  if (report.status === "succeeded" && version !== "new")
    problems.push(`the report says succeeded, the site is ${version}`);
  if (report.status !== "succeeded" && report.error_code === undefined)
    problems.push("the report gives no reason");
  if (told.rolled_back === true && version !== "old")
    problems.push(`the report says rolled back, the site is ${version}`);
  if (report.status === "failed" && told.activated === false && version === "new")
    problems.push("the report says failed and not activated, the site is new");
  return problems;
}

/** Does a recovery's report say what is so, and that all is well? */
export function recoveryTells(report: Report | undefined, world: World, version: Version): readonly string[] {
  if (report?.status !== "succeeded")
    return [`recover.yml did not succeed: ${report?.error_message ?? "no report"}`];
  const facts = FACTS.recover.parse(report.facts);
  const active = versionOf(world, facts.active.release);
  return [
    ...(active === version ? [] : [`the recovery says ${active}, the site is ${version}`]),
    ...(facts.settled ? [] : ["the recovery says that something is not settled"]),
    ...(facts.healthy
      ? []
      : [`the recovery says unhealthy: ${facts.health.map(({ detail }) => detail).join("; ")}`]),
  ];
}
