/** The double's measure is GitHub's own description: the committed extract must be exactly what the pinned packages say. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { extracts } from "../../script/extract-openapi.ts";
import { EXCEPTIONS } from "../double/exceptions.ts";
import { OPERATIONS } from "../double/operations.ts";
import { REST, WEBHOOK } from "../double/schema.ts";
import { answer, payload, requestErrors } from "../double/validate.ts";

test("the extract equals the pinned packages (else: node script/extract-openapi.ts)", () => {
  const committed = Object.fromEntries(
    Object.keys(extracts()).map((name) => [
      name,
      readFileSync(new URL(`../double/openapi/${name}`, import.meta.url), "utf8"),
    ]),
  );
  expect(committed).toEqual(extracts());
});

test("every operation has an answer that can be completed and is then valid", () => {
  for (const operation of OPERATIONS) {
    const [status = ""] = Object.keys(REST.operations[operation]?.responses ?? {});
    expect([operation, ...answer(operation, Number(status), undefined).problems]).toEqual([operation]);
  }
});

test("exceptions name operations of the double and give a reason", () => {
  for (const { operation, reason } of EXCEPTIONS) {
    expect([...OPERATIONS, "GET /repositories/{repository_id}"]).toContain(operation);
    expect(reason.length).toBeGreaterThan(40);
  }
});

const request = (body: unknown, query = "") => ({ params: {}, query: new URLSearchParams(query), body });
const CREATE = "POST /repos/{owner}/{repo}/check-runs";

test("a request that GitHub understands passes", () => {
  expect(requestErrors(CREATE, request({ name: "belay", head_sha: "a", status: "queued" }))).toEqual([]);
});

test.each([
  [
    "an unknown property",
    request({ name: "belay", head_sha: "a", colour: "red" }),
    "/colour is unknown to GitHub",
  ],
  [
    "an unknown property further in",
    request({ name: "b", head_sha: "a", output: { title: "t", summary: "s", body: "" } }),
    "/output/body is unknown",
  ],
  ["a missing property", request({ name: "belay" }), "must have required property 'head_sha'"],
  [
    "a wrong value",
    request({ name: "belay", head_sha: "a", status: "done" }),
    "/status must be equal to one of",
  ],
  [
    "too many buttons",
    request({
      name: "b",
      head_sha: "a",
      actions: [1, 2, 3, 4].map((n) => ({ label: `${n}`, description: "", identifier: "" })),
    }),
    "/actions must NOT have more than 3",
  ],
  [
    "an unknown query parameter",
    request({ name: "belay", head_sha: "a" }, "colour=red"),
    "query parameter colour is unknown",
  ],
  ["no body", request(undefined), "the body is missing"],
])("%s is reported", (_, given, sentence) => {
  expect(requestErrors(CREATE, given).join("\n")).toContain(sentence);
});

test("an answer with a field that GitHub does not send, or without the right type, is reported", () => {
  const { problems } = answer("GET /repos/{owner}/{repo}/pulls/{pull_number}", 200, {
    number: "1",
    colour: "red",
  });
  expect(problems.join("\n")).toContain("/colour is not in GitHub's answer");
  expect(problems.join("\n")).toContain("/number must be integer");
});

test("a webhook of the wrong form is reported", () => {
  expect(Object.keys(WEBHOOK.webhooks)).toContain("push");
  expect(payload("check-run-requested-action", { action: "created" }).problems.join()).toContain(
    "/action must be equal",
  );
  expect(payload("star-created", {}).problems).toEqual([
    "webhook star-created is not in test/double/operations.ts",
  ]);
});
