/** What is told of the new code before the switch, and of what it made of the tables. */
import type { CandidateFacts, MigrationFacts, SchemaChange, WaitingFacts } from "../facts.ts";
import type { PlanUpgrade } from "../wordpress/types.ts";
import { changeWords, isDue } from "../wordpress/upgrade.ts";
import { code, inert } from "./escape.ts";
import { count, details } from "./words.ts";

const MOST_LISTED = 30;

export function candidateLine({ health, hidden_tables, left_out = [], php }: CandidateFacts): string {
  const well = health.filter(({ ok }) => ok).length;
  const hidden =
    hidden_tables.length === 0 ? "" : `; ${count(hidden_tables.length, "table")} could not be shown to it`;
  const without = left_out.length === 0 ? "" : `; without ${left_out.map((path) => code(path)).join(", ")}`;
  return `The new code answered ${well} of ${count(health.length, "question")} on production's data before the switch (PHP ${inert(php)}${hidden}${without}).`;
}

/** `back`: the code of before serves again. */
export function migrationSection({ needed, predicted, done }: MigrationFacts, back: boolean): string {
  const why = versionsOf(needed);
  const told = done === null ? predicted : done;
  const title =
    done === null
      ? "The upgrade of tables, as it went on empty copies"
      : "The upgrade of tables (a rollback does not undo it)";
  const lines = [
    ...(back ? stayingLines(told) : waitingLines(told, done !== null)),
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

type Update = NonNullable<WaitingFacts["updates"]>[number];

/** What plugins have to do to their rows: whoever reads it knows whether anybody has to start it. */
const waitingLines = ({ updates = [], jobs = {} }: WaitingFacts, live: boolean): readonly string[] => [
  ...updates.map((one) => `⏳ ${updateWords(one, live)}`),
  ...Object.entries(jobs).map(
    ([hook, many]) =>
      `⏳ the upgrade ${live ? "has planned" : "plans"} a background job: ${code(hook)} (${many})`,
  ),
];

/** After a rollback nothing waits any more, but what was planned stays planned. */
const stayingLines = ({ updates = [], jobs = {} }: WaitingFacts): readonly string[] =>
  [
    ...updates.flatMap(({ plugin, planned }) => (planned > 0 ? [[plugin, planned] as const] : [])),
    ...Object.entries(jobs),
  ].map(
    ([name, many]) =>
      `⚠️ ${code(name)}: ${count(many, "background job")} of the new code stayed planned, and the code of before will meet ${many === 1 ? "it" : "them"}: look at the scheduled actions in wp-admin.`,
  );

function updateWords(
  { plugin, state, version, steps, planned, detail, start }: Update,
  live: boolean,
): string {
  const who = code(plugin);
  if (state === "unknown")
    return `${who} could not be asked whether its rows wait for an update: ${inert(detail)}. Look at it in wp-admin.`;
  const from = version === null ? "" : ` from ${code(version)}`;
  const by = steps.length === 0 ? "" : ` to ${code(steps.join(", "))}`;
  const how =
    planned > 0
      ? `it ${live ? "is" : "will be"} planned as ${count(planned, "background job")} and begins by itself`
      : `somebody has to start it: ${start === "" ? "the plugin says in wp-admin how" : code(start)}`;
  return `${who}: the update of its rows${from}${by} ${live ? "waits" : "will wait"}; ${how}. Belay does not begin it.`;
}

interface Versions {
  readonly wordpress: { readonly from: string | null; readonly to: string } | null;
  readonly plugins: PlanUpgrade["plugins"];
}
const versionsOf = ({ wordpress, plugins }: Versions): readonly string[] =>
  [
    ...(wordpress === null ? [] : [`database version ${wordpress.from ?? "none"} to ${wordpress.to}`]),
    ...plugins.map(({ plugin, from, to }) => `${plugin} ${from ?? "new"} to ${to}`),
  ].map((one) => inert(one));

const changeLine = (change: SchemaChange): string =>
  `${change.effect === "destructive" ? "⚠️ " : ""}${inert(changeWords(change))}`;

/** In a plan: what the new code is expected to upgrade; nothing where no version differs. */
export function foreseenSection(upgrade: PlanUpgrade | null, most: number): string {
  if (upgrade === null || !isDue(upgrade)) return "";
  const { changes, unknown } = upgrade;
  const versions = versionsOf(upgrade);
  const lines = [
    ...versions.slice(0, most).map((version) => `- ${version}`),
    ...cut(versions.length - most),
    ...changes.slice(0, most).map((change) => `- ${changeLine(change)}${consent(change)}`),
    ...cut(changes.length - most),
    ...unknown
      .slice(0, most)
      .map((table) => `- ${code(table)}: defined otherwise in the source; the trial tells how`),
    ...cut(unknown.length - most),
  ];
  const foreseen =
    changes.length === 0 ? "no structure is expected to change" : count(changes.length, "change");
  const destructive = changes.filter(({ effect }) => effect === "destructive").length;
  const title = `The upgrade of tables, as the source shows it: ${foreseen}${destructive === 0 ? "" : `, ${destructive} destructive`}`;
  return details(title, lines.join("\n"));
}

const cut = (more: number): readonly string[] => (more > 0 ? [`- and ${more} more`] : []);

const consent = ({ effect, agreed }: PlanUpgrade["changes"][number]): string =>
  effect === "additive" ? "" : agreed ? " (agreed to)" : " (nobody has agreed to it)";
