/** Whether the source's WordPress fits production's database. */
import { own } from "../own.ts";
import { code } from "../rendering/escape.ts";
import { listed } from "./listing.ts";
import type { PlanInput, PlanTable, Sentence } from "./types.ts";

/** Older code over a newer database is a direction that WordPress never migrates in. */
export function versionBlock({ now: { source, target } }: PlanInput): Sentence[] {
  if (Number(source.wordpress.db_version) >= Number(target.wordpress.db_version)) return [];
  const text = `The source's WordPress ${source.wordpress.version} is older than production's database (${source.wordpress.db_version} against ${target.wordpress.db_version}).`;
  const remedy = "Update WordPress in the source first, its database too, then comment `/promote`.";
  return [{ code: "wordpress_older", text, remedy }];
}

/** What the release will do to production's structure is found out there, on empty copies, before the switch. */
export function upgradeWarning({ now: { source, target }, config }: PlanInput): Sentence[] {
  if (Number(source.wordpress.db_version) <= Number(target.wordpress.db_version)) return [];
  const { destructive, unpredicted } = config.promotion.migrations;
  const agreed = destructive.length === 0 ? "no table" : destructive.map((name) => `\`${name}\``).join(", ");
  const text = `WordPress ${source.wordpress.version} brings a newer database structure (${source.wordpress.db_version}; production has ${target.wordpress.db_version}). Before the switch the upgrade is tried on empty copies of production's tables: what it only adds goes ahead, what it takes away or narrows is agreed to for ${agreed}, and one that cannot be predicted ${unpredicted ? "goes ahead" : "stops the promotion"}. A rollback does not undo it.`;
  const remedy =
    "A promotion that stops for it changes nothing, and says which tables to name under `promotion.migrations` in .github/belay.yml.";
  return [{ code: "wordpress_newer", text, remedy }];
}

/** The source's database has been upgraded already: where its tables have another structure, the new code may want that of production's. */
export function structureWarning(
  { now: { source, target } }: PlanInput,
  tables: readonly PlanTable[],
): Sentence[] {
  const names = tables
    .filter(({ action, class: kind }) => (action === "protect" || action === "keep") && kind !== "config")
    .map(({ table }) => table)
    .filter((table) => {
      const [there, here] = [own(source.tables, table), own(target.tables, table)];
      return there !== undefined && here !== undefined && there.ddl !== here.ddl;
    });
  if (names.length === 0) return [];
  const text = `${listed(names)} ${names.length === 1 ? "has" : "have"} another structure in the source, and production's rows stay: if the new code upgrades ${names.length === 1 ? "this table" : "these tables"}, that is tried on empty copies before the switch, and done after it.`;
  const remedy =
    "The plan lists what the upgrade is expected to do. What it takes away must be agreed to for its table, under `promotion.migrations.destructive` in .github/belay.yml.";
  return [{ code: "structure_differs", text, remedy }];
}

/** Rows that a plugin updates by itself: where the source's are at another version, production's have it before them. */
export function dataUpdateWarning({ rules, now: { source, target } }: PlanInput): Sentence[] {
  const apart = (rules.data_updates ?? []).filter(({ version }) => {
    const [there, here] =
      version === null ? [] : [own(source.options, version), own(target.options, version)];
    return there !== undefined && here !== undefined && there.hash !== here.hash;
  });
  return apart.map(({ plugin, version, start }) => ({
    code: "data_update_waits",
    text: `${code(plugin)} updates its rows in its own time, and ${code(version ?? "")} says that production's are at another version than the source's. A promotion brings the code and does not begin that update: the trial asks the plugin what waits, and the comment says it.`,
    remedy: `After the promotion look whether it has begun by itself; if not, start it: ${start === "" ? "the plugin says in wp-admin how" : code(start)}. It changes live rows, and no rollback takes that back: comment \`/backup\` before.`,
  }));
}

/** The site has switched off the look at its new code. */
export function candidateWarning({ config }: PlanInput): Sentence[] {
  if (config.promotion.candidate) return [];
  const text =
    "Nobody looks at the new code on production's data before visitors meet it: `promotion.candidate` is off.";
  return [{ code: "candidate_off", text, remedy: "Remove `candidate: false` from .github/belay.yml." }];
}
