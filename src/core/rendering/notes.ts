/** What happened beside a switch, in words: plugins made active, caches told to forget, a host without the hold. */
import type { Activation, Mixture, Purged } from "../facts.ts";
import type { SwitchNotes } from "../switch-notes.ts";
import { code, inert } from "./escape.ts";
import { count } from "./words.ts";

export function notesSection(notes: SwitchNotes): string {
  return [
    ...notes.warnings.map((warning) => `⚠️ ${inert(warning)}`),
    notes.mixture === null ? "" : mixtureLine(notes.mixture),
    notes.activation === null ? "" : activationSection(notes.activation),
    purgeList("Caches in front were told to forget", notes.purges),
    purgeList("They were told again, after the way back", notes.restored_purges),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function mixtureLine({ why, mixture_ms }: Mixture): string {
  const seen =
    mixture_ms === undefined
      ? "Requests that run during the switch"
      : `Requests that ran during the switch, or began in its ${mixture_ms.toFixed(0)} ms,`;
  return `⚠️ Without the hold: ${inert(why)} ${seen} may have seen old code with new data. \`hold: {without: refuse}\` in .github/belay.yml refuses such a host.`;
}

function activationSection({ plugins, missing_cron_hooks, missing_roles, written }: Activation): string {
  const lines = [
    ...plugins.map(({ plugin, ok, detail }) => `- ${ok ? "✅" : "❌"} ${code(plugin)}: ${inert(detail)}`),
    missing("planned events", missing_cron_hooks),
    missing("roles", missing_roles),
    Object.keys(written).length === 0
      ? ""
      : `- Written by them to protected tables, where it stays: ${Object.entries(written)
          .map(([table, rows]) => `${code(table)} ${count(rows, "row")}`)
          .join(", ")}.`,
  ].filter((line) => line !== "");
  return lines.length === 0 ? "" : `Plugins that this release makes active:\n${lines.join("\n")}`;
}

function missing(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return `- ⚠️ The source has ${what} that the target lacks: ${names.map((name) => code(name)).join(", ")}. Look whether the plugin makes them later, or save its settings once.`;
}

function purgeList(title: string, results: readonly Purged[]): string {
  if (results.length === 0) return "";
  const lines = results.map(
    ({ purge, ok, detail }) => `- ${ok ? "✅" : "⚠️"} ${code(purge)}: ${inert(detail)}`,
  );
  const stale = results.some(({ ok }) => !ok)
    ? "\nWhat was not told may serve the other release's pages: empty it by hand."
    : "";
  return `${title}:\n${lines.join("\n")}${stale}`;
}
