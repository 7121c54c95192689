/** What is told of the new code before the switch, and of what it made of the tables. */
import type { CandidateFacts, MigrationFacts, SchemaChange } from "../facts.ts";
import { code, inert } from "./escape.ts";
import { count } from "./words.ts";

const MOST_LISTED = 30;

export function candidateLine({ health, hidden_tables, php }: CandidateFacts): string {
  const well = health.filter(({ ok }) => ok).length;
  const hidden =
    hidden_tables.length === 0 ? "" : `; ${count(hidden_tables.length, "table")} could not be shown to it`;
  return `The new code answered ${well} of ${count(health.length, "question")} on production's data before the switch (PHP ${inert(php)}${hidden}).`;
}

export function migrationSection({ needed, predicted, done }: MigrationFacts): string {
  const why = [
    ...(needed.wordpress === null
      ? []
      : [`database version ${needed.wordpress.from ?? "none"} to ${needed.wordpress.to}`]),
    ...needed.plugins.map(({ plugin, from, to }) => `${plugin} ${from ?? "new"} to ${to}`),
  ].map((one) => inert(one));
  const told = done === null ? predicted : done;
  const title =
    done === null
      ? "The upgrade of tables, as it went on empty copies"
      : "The upgrade of tables (a rollback does not undo it)";
  const lines = [
    ...told.changes.map(changeLine),
    ...told.trouble.map((line) => `❌ ${inert(line)}`),
    ...(done?.surprises ?? []).map((change) => `❌ not foretold: ${changeLine(change)}`),
    ...Object.entries(done?.rows ?? {}).flatMap(([table, { before, after }]) =>
      before === after
        ? []
        : [`${code(table)}: ${before ?? "no table"} rows before, ${after ?? "no table"} after`],
    ),
  ];
  const shown = lines.length === 0 ? ["no structure changes"] : lines.slice(0, MOST_LISTED);
  const more = lines.length > MOST_LISTED ? [`and ${lines.length - MOST_LISTED} more, in the report`] : [];
  return `${title}: ${why.slice(0, MOST_LISTED).join(", ")}\n${[...shown, ...more].map((line) => `- ${line}`).join("\n")}`;
}

function changeLine({ table, what, name, effect, detail }: SchemaChange): string {
  const of = name === "" ? "" : ` ${code(name)}`;
  const how = detail === "" ? "" : `: ${inert(detail)}`;
  return `${effect === "destructive" ? "⚠️ " : ""}${code(table)} ${inert(what.replaceAll("_", " "))}${of} (${effect})${how}`;
}
