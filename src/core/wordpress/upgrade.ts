/**
 * What the release's code will make of production's tables, as far as the source's show it: there the same code has upgraded its own
 * already. The trial on the target, right before the switch, says it exactly; this says it before anything begins.
 */
import type { SchemaChange } from "../facts.ts";
import { matchesPattern } from "../glob.ts";
import { own } from "../own.ts";
import { code } from "../rendering/escape.ts";
import { OPTIONS_TABLE } from "./changes.ts";
import { pasted } from "./listing.ts";
import { NOT_TABLES } from "./tables.ts";
import type { PlanInput, PlanTable, PlanUpgrade, Sentence } from "./types.ts";

/** Null where the hosts told nothing to foresee it by. */
export function planUpgrade(input: PlanInput, tables: readonly PlanTable[]): PlanUpgrade | null {
  const { seen, now, manifest, config } = input;
  if (seen === undefined) return null;
  const staying = new Set([...tables.filter(stays).map(({ table }) => table), OPTIONS_TABLE]);
  const told = new Set(seen.told);
  const [from, to] = [now.target.wordpress.db_version, now.source.wordpress.db_version];
  return {
    wordpress: from === to ? null : { from, to },
    plugins: Object.entries(manifest.plugins)
      .map(([plugin, version]) => ({ plugin, from: own(seen.plugins, plugin) ?? null, to: version }))
      .filter((one) => one.from !== one.to)
      .sort((a, b) => (a.plugin < b.plugin ? -1 : 1)),
    changes: seen.changes
      .filter(({ table }) => staying.has(table))
      .map((change) => ({ ...change, agreed: isAgreed(change, config.promotion.migrations.destructive) })),
    unknown: [...staying].filter((table) => differs(input, table) && !told.has(table)).sort(),
  };
}

const stays = ({ action }: PlanTable): boolean => action !== "promote" && action !== "absent";

/** What takes nothing away needs nobody's consent. */
const isAgreed = ({ table, effect }: SchemaChange, destructive: readonly string[]): boolean =>
  effect === "additive" || destructive.some((pattern) => matchesPattern(pattern, table));

function differs({ now }: PlanInput, table: string): boolean {
  const [there, here] = [own(now.source.tables, table), own(now.target.tables, table)];
  return (
    there !== undefined && here !== undefined && there.ddl !== here.ddl && !NOT_TABLES.includes(here.engine)
  );
}

/** Whether a version differs, so that the new code may upgrade tables; without that it leaves them as they are. */
export const isDue = ({ wordpress, plugins }: PlanUpgrade): boolean =>
  wordpress !== null || plugins.length > 0;

const SHOWN = 20;

/** Destructive, and agreed to by nobody: the trial would end the promotion for it, so it does not begin. */
export function upgradeBlock(input: PlanInput, upgrade: PlanUpgrade | null): Sentence[] {
  const lost = upgrade !== null && isDue(upgrade) ? upgrade.changes.filter(({ agreed }) => !agreed) : [];
  if (lost.length === 0) return [];
  const tables = [...new Set(lost.map(({ table }) => table))];
  const more = lost.length > SHOWN ? [`and ${lost.length - SHOWN} more`] : [];
  return [
    {
      code: "migration_destructive",
      text: "The new code has changed tables of the source in a way that takes something away, production's are not changed yet, and nobody has agreed to it. A rollback would not undo it.",
      list: [...lost.slice(0, SHOWN).map(changeWords), ...more],
      remedy:
        "If that is meant, copy the plan's lines into .github/belay.yml, then comment `/promote`. If the source's table was changed by hand, change it back.",
      paste: `promotion:\n  migrations:\n    destructive: ${pasted([...input.config.promotion.migrations.destructive, ...tables])}`,
    },
  ];
}

const SIGNS: Readonly<Record<string, string>> = { added: "+", removed: "-", changed: "~" };

/** `acme_orders`: - column `note` (destructive): varchar(20). What it says of other kinds of change are the host's own words. */
export function changeWords({ table, what, name, effect, detail }: SchemaChange): string {
  const [thing = "", how = ""] = what.split("_");
  const sign = SIGNS[how];
  const words = sign === undefined ? what.replaceAll("_", " ") : `${sign} ${thing}`;
  const of = name === "" ? "" : ` ${code(name)}`;
  return `${code(table)}: ${words}${of} (${effect})${detail === "" ? "" : `: ${detail}`}`;
}
