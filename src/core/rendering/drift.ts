/** A drift check as Markdown, for its check run: a table of what differs, then the rows by key and the files by path. */
import { blockingFirst } from "../wordpress/drift.ts";
import type { DriftFinding, DriftVerdict } from "../wordpress/types.ts";
import { fitting } from "./cap.ts";
import { cell, code } from "./escape.ts";
import { keyText } from "./keys.ts";
import { count, details } from "./words.ts";

/** Left for what else the check run shows. */
const ROOM = 60_000;
/** Findings, and keys of each, that are shown: as many as find room. What blocks comes first. */
const STEPS = [
  { findings: 10_000, most: 1000 },
  { findings: 1000, most: 300 },
  { findings: 1000, most: 100 },
  { findings: 300, most: 30 },
  { findings: 100, most: 10 },
  { findings: 100, most: 3 },
] as const;
/** More keys than these are folded. */
const UNFOLDED = 12;

/** @param record the id of the drift check, under which the API has every key that was recorded */
export function driftSection(drift: DriftVerdict, record: string): string {
  if (drift.findings.length === 0) return "";
  return fitting(STEPS, ROOM, (step) => sectionWith(drift, { record, ...step }));
}

function sectionWith(drift: DriftVerdict, shown: Shown): string {
  const findings = blockingFirst(drift.findings).slice(0, shown.findings);
  const rest = blockingFirst(drift.findings).slice(shown.findings);
  const blocking = rest.filter((one) => one.blocking).length;
  const more = `and ${count(rest.length, "more difference")} (${blocking} blocking); \`GET /api/drift-checks/${shown.record}\` lists all.`;
  return [
    `Judged in drift mode \`${drift.mode}\`.`,
    findingsTable(findings),
    ...(rest.length === 0 ? [] : [more]),
    ...findings.map((finding) => findingSection(finding, shown)),
  ].join("\n\n");
}

function findingsTable(findings: readonly DriftFinding[]): string {
  const rows = findings.map((one) => {
    const kind = one.kind === "files" ? "files" : one.class;
    const counts = [one.added, one.changed, one.removed].map((n) => n ?? "?").join(" | ");
    return `| ${cell(code(one.name))} | ${kind} | ${one.before} → ${one.now} | ${counts} | ${one.blocking ? "**yes**" : "no"} |`;
  });
  return [
    "| table or path | class | baseline → now | added | changed | removed | blocks |",
    "|---|---|--:|--:|--:|--:|---|",
    ...rows,
  ].join("\n");
}

interface Shown {
  readonly record: string;
  readonly findings: number;
  readonly most: number;
}

function findingSection(finding: DriftFinding, { record, most }: Shown): string {
  const title = `**${code(finding.name)}**${finding.kind === "table" ? ` (${finding.class})` : ""}`;
  if (finding.keys.length === 0) return `${title}: ${withoutKeys(finding)}`;
  const shown = finding.keys.slice(0, most);
  const total = (finding.added ?? 0) + (finding.changed ?? 0) + (finding.removed ?? 0);
  const listed = finding.keys.length;
  const more = total > shown.length ? `\n\nand ${total - shown.length} more` : "";
  const where = listed > shown.length ? `; \`GET /api/drift-checks/${record}\` lists ${listed}` : "";
  const list = `${keyLists(finding, shown)}${more}${where}`;
  if (shown.length <= UNFOLDED) return `${title}:\n\n${list}`;
  const noun = finding.kind === "table" ? "row" : "file";
  const all = total === shown.length ? "all of them" : `${shown.length} of them`;
  return `${title}: ${count(total, noun)}\n\n${details(all, list)}`;
}

const WORDS = { "~": "changed", "-": "removed", "+": "added" } as const;

/** Keys of rows stand in one line for each way of change, paths of files in a line each. */
function keyLists(finding: DriftFinding, shown: DriftFinding["keys"]): string {
  if (finding.kind === "files")
    return shown.map(({ change, key }) => `- ${WORDS[change]}: ${code(key)}`).join("\n");
  const lines = (["~", "-", "+"] as const).flatMap((change) => {
    const keys = shown.filter((one) => one.change === change).map(({ key }) => keyText(finding, key));
    return keys.length === 0 ? [] : [`- ${WORDS[change]}: ${keys.join(", ")}`];
  });
  return lines.join("\n");
}

const RANGES_SHOWN = 30;

function withoutKeys({ ranges, kind, before, now }: DriftFinding): string {
  if (before === 0 || now === 0) return before === 0 ? "all of it is new." : "all of it is gone.";
  if (ranges.length > 0) {
    const shown = ranges
      .slice(0, RANGES_SHOWN)
      .map((one) => `- keys ${code(`${one.from} to ${one.to}`)}: ${one.before} → ${one.now} rows`);
    const more =
      ranges.length > RANGES_SHOWN ? [`- and ${count(ranges.length - RANGES_SHOWN, "more range")}`] : [];
    return `the host has no index of this baseline, so only ranges of the key are known.\n\n${[...shown, ...more].join("\n")}`;
  }
  return kind === "files"
    ? "which files is not known: there are too many for a list in the record, and the host has no index of this baseline."
    : "which rows is not known: they have no key, or are too many for a list in the record and the host has no index of this baseline.";
}
