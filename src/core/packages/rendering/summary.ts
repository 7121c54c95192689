/** A report as Markdown, for a check run, a comment or a job's summary. Everything from the repository is escaped. */
import { cap } from "../../rendering/cap.ts";
import { cell, code, inert } from "../../rendering/escape.ts";
import type { Finding, PackageChange, PointerChange, ValidationReport } from "../types.ts";

/** More rows than anybody reads; the annotations and the report hold all. */
const MOST_FINDINGS = 100;
const MOST_REASONS = 20;

export function reportTitle({ errors, warnings, checked }: ValidationReport): string {
  const releases = count(checked.releases, "release");
  if (errors > 0) return `${count(errors, "error")} in ${releases}`;
  return warnings > 0 ? `${releases} valid, ${count(warnings, "warning")}` : `${releases} valid`;
}

/** At most `limit` UTF-16 units. */
export function renderReport(report: ValidationReport, limit: number): string {
  const parts = [
    `**${reportTitle(report)}**`,
    findingsTable(report.findings),
    ...report.packages.map(packagePart),
    pointersPart(report.pointers),
  ];
  return cap(parts.filter((part) => part !== "").join("\n\n"), limit);
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;

function findingsTable(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.slice(0, MOST_FINDINGS).map(({ file, line, rule, severity, sentence, remedy }) => {
    const sign = severity === "error" ? "❌" : "⚠️";
    const columns = [`${sign} ${code(`${file}:${line}`)}`, code(rule), `${inert(sentence)} ${inert(remedy)}`];
    return `| ${columns.map(cell).join(" | ")} |`;
  });
  const rest = findings.length - rows.length;
  const more = rest > 0 ? `\n\nAnd ${rest} more, as annotations on their lines.` : "";
  return `| where | rule | what, and what to do |\n|---|---|---|\n${rows.join("\n")}${more}`;
}

function packagePart(change: PackageChange): string {
  const { id, version, previous, needs, gives, reasons, suggestion } = change;
  const verb = { added: "is new", edited: "is edited", removed: "is removed" }[change.change];
  const since = previous === null ? "" : ` since ${code(previous)}`;
  const bump =
    needs === null
      ? ""
      : `; the change${since} needs a **${needs}** version${gives === null ? "" : ` (this one is ${gives})`}`;
  const head = `### ${code(id)} ${code(version)}\n\nIt ${verb}${bump}.`;
  const place =
    suggestion === null
      ? ""
      : `\n\n**Next:** create ${code(suggestion.folder)} with ${code(`version: ${suggestion.version}`)}.`;
  return `${head}${place}${reasonsPart(reasons)}`;
}

function reasonsPart(reasons: PackageChange["reasons"]): string {
  if (reasons.length === 0) return "";
  const rows = reasons.slice(0, MOST_REASONS).map(({ bump, sentence }) => `- ${bump}: ${inert(sentence)}`);
  const rest = reasons.length - rows.length;
  return `\n\n${rows.join("\n")}${rest > 0 ? `\n- and ${rest} more` : ""}`;
}

function pointersPart(pointers: readonly PointerChange[]): string {
  if (pointers.length === 0) return "";
  const rows = pointers.slice(0, MOST_FINDINGS).map(({ id, from, to }) => {
    return `| ${[code(id), from === null ? "none" : code(from), to === null ? "none" : code(to)].map(cell).join(" | ")} |`;
  });
  const rest = pointers.length - rows.length;
  const more = rest > 0 ? `\n\nAnd ${rest} more.` : "";
  return `### Pointers after activation\n\n| package | from | to |\n|---|---|---|\n${rows.join("\n")}${more}`;
}
