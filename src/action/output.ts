/** What a run leaves behind for people and for later steps: outputs, the job summary, and the exit code. */
import * as core from "@actions/core";
import { inert } from "../core/rendering/escape.ts";
import { say } from "./log.ts";

export type Outcome = {
  readonly result: "succeeded" | "blocked" | "failed" | "rolled_back" | "cancelled" | "unknown";
  /** Stable reason code; empty when the run succeeded. */
  readonly code: string;
  /** A sentence for the log and the summary. */
  readonly message: string;
  readonly promotionId?: string;
  /** The last report without its facts, as JSON; of a local job the path of the file. */
  readonly report?: string;
};

/** Names of the outputs, as in action.yml. */
export const OUTPUT_NAMES = ["result", "reason-code", "promotion-id", "report", "job"] as const;

/** Sets the outputs, writes the job summary and fails the step unless the run succeeded. */
export async function announce(outcome: Outcome): Promise<void> {
  core.setOutput("result", outcome.result);
  core.setOutput("reason-code", outcome.code);
  core.setOutput("promotion-id", outcome.promotionId ?? "");
  core.setOutput("report", outcome.report ?? "");
  if (process.env.GITHUB_STEP_SUMMARY) {
    await core.summary
      .addRaw(`**Belay: ${outcome.result.replace("_", " ")}** ${inert(outcome.message)}`, true)
      .write();
  }
  if (outcome.result === "succeeded") say(outcome.message);
  else core.setFailed(outcome.code === "" ? outcome.message : `${outcome.code}: ${outcome.message}`);
}
