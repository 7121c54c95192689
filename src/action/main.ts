/** Entry point of the action (bundled to dist/index.js): the composition root that reads the environment of the runner. */
import { fileURLToPath } from "node:url";
import * as core from "@actions/core";
import { runBegin } from "./begin.ts";
import { botClient } from "./bot.ts";
import { ActionError } from "./error.ts";
import { type RunInputs, readInputs } from "./inputs.ts";
import { announce } from "./output.ts";
import { runValidation } from "./packages/run.ts";
import { runJobs } from "./run.ts";
import { runLocalJob } from "./run-local.ts";

/** The folder of the playbooks, beside dist/ and beside src/ alike. */
const ansible = fileURLToPath(
  new URL(import.meta.url.includes("/dist/") ? "../ansible/" : "../../ansible/", import.meta.url),
);

const botOf = ({ botUrl, audience }: Pick<RunInputs, "botUrl" | "audience">) =>
  botClient(botUrl, () => core.getIDToken(audience));

try {
  const inputs = readInputs(process.env);
  const outcome =
    inputs.kind === "validate"
      ? await runValidation(inputs)
      : inputs.kind === "local"
        ? await runLocalJob(inputs, { ansible, environment: process.env })
        : inputs.kind === "begin"
          ? await runBegin(inputs, botOf(inputs))
          : await runJobs(inputs, {
              ansible,
              environment: process.env,
              bot: botOf(inputs),
            });
  await announce(outcome);
} catch (error) {
  await announce(ActionError.outcome(error));
}
