/** A report as SARIF 2.1.0, for code scanning. */

import { sha256 } from "../../canonical.ts";
import { plain } from "../../rendering/escape.ts";
import { RULES } from "../rules/all.ts";
import type { Finding, ValidationReport } from "../types.ts";

/** GitHub takes at most this many results of a run. */
const MOST_RESULTS = 25_000;

/** A value for JSON.stringify. */
export function sarifOf({ findings }: ValidationReport) {
  const shown = findings.slice(0, MOST_RESULTS);
  const ids = [...new Set([...RULES.keys(), ...shown.map(({ rule }) => rule)])];
  const numbers = new Map(ids.map((id, index) => [id, index]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Belay", rules: ids.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results: shown.map((finding) => resultOf(finding, numbers.get(finding.rule) ?? 0)),
      },
    ],
  };
}

function ruleOf(id: string) {
  const demands = RULES.get(id) ?? "No file holds what the policy's guardrails forbid.";
  const said = { text: demands };
  return { id, name: nameOf(id), shortDescription: said, fullDescription: said, help: said };
}

/** A rule's name is one word in capitals that differs from its id: `VersionBump`, `GuardrailNoSecrets`. */
const nameOf = (id: string): string =>
  id
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");

/** In a message braces stand for arguments unless they are doubled, and `[text](target)` for a link. */
const literal = (text: string): string => text.replace(/[{}]/g, "$&$&").replaceAll("](", "] (");

/** Relative to the repository; each segment of the path escaped, whatever it holds. */
const uriOf = (file: string): string => file.toWellFormed().split("/").map(encodeURIComponent).join("/");

/** The fingerprint leaves the line out: a finding stays the same when lines above it come or go. */
function resultOf({ file, line, column, rule, severity, sentence, remedy }: Finding, ruleIndex: number) {
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: literal(`${plain(sentence, 2_000)} ${plain(remedy, 2_000)}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
    partialFingerprints: { "belay/v1": sha256(`${rule}\0${file}\0${sentence}`) },
  };
}
