/** The project's own workflow files and its bundle, carried out by the double: what users copy must run as it is written. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startDouble } from "../double/double.ts";
import { SITE } from "./double-setup.ts";

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test("the workflow for users calls the reusable one, which starts the bundle with the environment's secrets", async () => {
  const files = { ".github/workflows/belay.yml": readFileSync(`${PROJECT}/docs/workflow/belay.yml`, "utf8") };
  const secrets = { BELAY_SSH_KEY: "a private key", BELAY_RESTIC_PASSWORD: "a restic password" };
  const environments = { production: { secrets, branches: ["main"] } };
  const repositories = [{ name: SITE, files, environments, people: { dev: "write" as const } }];
  const double = await startDouble({ repositories, runner: { project: PROJECT, node: process.execPath } });
  onTestFinished(() => double.close());
  const inputs = { job: "5e1b7a43-7a0b-4c64-9d5a-6a52f3a5c001", nonce: "n-1", environment: "production" };
  const run = await double.runs.finished(double.as("dev").runWorkflow("belay.yml", inputs));
  // The repository holds no inventory: the action says so, and nothing else went wrong before.
  expect(double.problems).toEqual([]);
  expect([run.conclusion, run.outputs.result, run.outputs["reason-code"]]).toEqual([
    "failure",
    "failed",
    "INVENTORY_MISSING",
  ]);
  expect(run.title).toContain("n-1");
});
