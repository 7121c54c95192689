/** `command: validate`: judges the checked-out packages without a bot. Findings become annotations, a summary, a report and SARIF. */
import { writeFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import * as core from "@actions/core";
import { sarifOf } from "../../core/packages/rendering/sarif.ts";
import { renderReport, reportTitle } from "../../core/packages/rendering/summary.ts";
import type { ValidationReport } from "../../core/packages/types.ts";
import { GuardrailError, validate } from "../../core/packages/validate.ts";
import { plain } from "../../core/rendering/escape.ts";
import { ActionError } from "../error.ts";
import type { Outcome } from "../output.ts";
import { CONFIGURATION_FILE, settingsFrom } from "./configuration.ts";
import { baseAt, fileAt, treeAt, wholeTreeAt } from "./tree.ts";

export interface ValidateInputs {
  readonly kind: "validate";
  /** Of the checked-out repository. */
  readonly folder: string;
  /** Empty: everything is judged, and nothing is taken for a change. */
  readonly base: string;
  readonly reportFile: string;
  readonly sarifFile: string;
}

/** GitHub shows few annotations of a step, and a job summary of at most 1 MiB. */
const MOST_ANNOTATIONS = 50;
const SUMMARY_LIMIT = 500_000;

/** @throws ActionError PACKAGES_COMMIT_MISSING, PACKAGES_CONFIG_INVALID, PACKAGES_GUARDRAIL_INVALID */
export async function runValidation(inputs: ValidateInputs): Promise<Outcome> {
  const report = await judge(inputs);
  for (const { file, line, column, rule, severity, sentence, remedy } of report.findings.slice(
    0,
    MOST_ANNOTATIONS,
  )) {
    const place = { file, startLine: line, startColumn: column, title: rule };
    const words = `${plain(sentence, 2_000)} ${plain(remedy, 2_000)}`;
    if (severity === "error") core.error(words, place);
    else core.warning(words, place);
  }
  if (inputs.reportFile !== "") await writeFile(inputs.reportFile, `${JSON.stringify(report, null, 2)}\n`);
  if (inputs.sarifFile !== "") await writeFile(inputs.sarifFile, `${JSON.stringify(sarifOf(report))}\n`);
  if (process.env.GITHUB_STEP_SUMMARY) {
    await core.summary.addRaw(renderReport(report, SUMMARY_LIMIT), true).write();
  }
  return {
    result: report.valid ? "succeeded" : "failed",
    code: report.valid ? "" : "PACKAGES_INVALID",
    message: `Packages: ${reportTitle(report)}.`,
    ...(inputs.reportFile === "" ? {} : { report: inputs.reportFile }),
  };
}

/**
 * Judging everything makes many short-lived values: left alone, both parts of the heap grow far beyond what is needed before they are
 * collected. While the tree is read the new part may double itself; what it has then (16 MiB) is enough.
 */
function keepOldHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=60");
}
function keepNewHeapAsItIs(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

async function readEverything(folder: string) {
  keepOldHeapSmall();
  const [settings, head] = await Promise.all([
    fileAt(folder, "HEAD", CONFIGURATION_FILE),
    wholeTreeAt(folder, "HEAD"),
  ]);
  keepNewHeapAsItIs();
  return { settings, head, base: null, scope: "all" } as const;
}

async function readChange(folder: string, commit: string) {
  // The tree is waited for; the others are asked first, so that git looks for them meanwhile.
  const [settings, base, head] = await Promise.all([
    fileAt(folder, commit, CONFIGURATION_FILE),
    baseAt(folder, commit, "HEAD"),
    treeAt(folder, "HEAD"),
  ]);
  return { settings, head, base, scope: "changed" } as const;
}

async function judge({ folder, base: commit }: ValidateInputs): Promise<ValidationReport> {
  const read = await (commit === "" ? readEverything(folder) : readChange(folder, commit));
  const { head, base, scope } = read;
  try {
    return validate({ head, base, scope, ...settingsFrom(read.settings) });
  } catch (error) {
    if (!(error instanceof GuardrailError)) throw error;
    throw new ActionError(
      error.code,
      error.message,
      `Correct the guardrail in ${CONFIGURATION_FILE} on the default branch.`,
    );
  }
}
