import type { Outcome } from "./output.ts";

/** An error of the run itself, with the reason code that the action puts out and the remedy that it prints. */
export class ActionError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy = "") {
    super(message);
    this.name = "ActionError";
    this.code = code;
    this.remedy = remedy;
  }

  /** What a run ends as when something was thrown: a known error with its code, anything else as ACTION_UNEXPECTED_ERROR. */
  static outcome(error: unknown): Outcome {
    if (error instanceof ActionError) {
      return {
        result: "failed",
        code: error.code,
        message: [error.message, error.remedy].filter(Boolean).join(" "),
      };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { result: "failed", code: "ACTION_UNEXPECTED_ERROR", message };
  }
}
