import { expect, test } from "vitest";
import { readInputs } from "../../../src/action/inputs.ts";

const JOB = "5f0c2c44-6d5c-4a39-9f0e-0d5e0f7b8a11";
const complete = {
  INPUT_JOB: JOB,
  INPUT_ENVIRONMENT: "production",
  "INPUT_BOT-URL": "https://belay.example.com/",
  "INPUT_SSH-KEY": "a key",
};

test("a complete run is read, with defaults and without a slash after the bot's address", () => {
  expect(readInputs(complete)).toMatchObject({
    kind: "run",
    job: JOB,
    botUrl: "https://belay.example.com",
    audience: "belay",
    inventory: ".github/belay/inventory.yml",
  });
});

test("everything that is missing is said at once", () => {
  expect(() => readInputs({})).toThrow(
    /`job` is not the id of a job.*`environment` is empty.*`bot-url` is not a URL.*`ssh-key` is empty/,
  );
});

test("the bot's address must be http or https", () => {
  expect(() => readInputs({ ...complete, "INPUT_BOT-URL": "file:///etc/passwd" })).toThrow(
    /`bot-url` is not a URL/,
  );
});

test("a re-run is refused", () => {
  expect(() => readInputs({ ...complete, GITHUB_RUN_ATTEMPT: "2" })).toThrow(/never re-run/);
});

test("a local job is refused under GitHub Actions, and allowed by hand", () => {
  const local = { "INPUT_JOB-FILE": "job.json" };
  expect(() => readInputs({ ...local, GITHUB_ACTIONS: "true" })).toThrow(/every job comes from the bot/);
  expect(readInputs(local)).toMatchObject({ kind: "local", jobFile: "job.json" });
});

test("an unknown command is refused", () => {
  expect(() => readInputs({ ...complete, INPUT_COMMAND: "deploy" })).toThrow(/does not know/);
});

test("to begin, a run needs no key and no job, but a bot and an environment, and is no re-run", () => {
  const begin = {
    INPUT_COMMAND: "begin",
    INPUT_ENVIRONMENT: "production",
    "INPUT_BOT-URL": "https://belay.example.com/",
  };
  expect(readInputs(begin)).toEqual({
    kind: "begin",
    environment: "production",
    botUrl: "https://belay.example.com",
    audience: "belay",
  });
  expect(() => readInputs({ INPUT_COMMAND: "begin" })).toThrow(
    /`environment` is empty.*`bot-url` is not a URL/,
  );
  expect(() => readInputs({ ...begin, GITHUB_RUN_ATTEMPT: "2" })).toThrow(/never re-run/);
});
