/** A run that was started by hand asks the bot for its first job; the next job of the workflow does the work. */
import * as core from "@actions/core";
import type { BotClient } from "./bot.ts";
import type { BeginInputs } from "./inputs.ts";
import type { Outcome } from "./output.ts";

/** @throws ActionError with the bot's code when it refuses, BOT_UNREACHABLE when it does not answer: nothing has begun then */
export async function runBegin(
  { environment }: BeginInputs,
  bot: Pick<BotClient, "begin">,
): Promise<Outcome> {
  const { job_id } = await bot.begin(environment);
  core.setOutput("job", job_id);
  return { result: "succeeded", code: "", message: `The promotion to ${environment} has begun.` };
}
