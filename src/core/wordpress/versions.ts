/** Whether the source's WordPress fits production's database. */
import type { PlanInput, Sentence } from "./types.ts";

/**
 * Code that needs another database structure is not promoted yet: it would need a migration of protected tables. Older code over
 * a newer database is a direction that WordPress never migrates in.
 */
export function versionBlock({ now }: PlanInput): Sentence[] {
  const [source, target] = [now.source.wordpress, now.target.wordpress];
  if (source.db_version === target.db_version) return [];
  const older = Number(source.db_version) < Number(target.db_version);
  const text = older
    ? `The source's WordPress ${source.version} is older than production's database (${source.db_version} against ${target.db_version}).`
    : `WordPress ${source.version} brings a newer database structure (${source.db_version}; production has ${target.db_version}).`;
  const side = older ? "the source" : "production";
  const remedy = `Update WordPress in ${side} first, its database too, then comment \`/promote\`.`;
  return [{ code: older ? "wordpress_older" : "wordpress_newer", text, remedy }];
}
