/** The model finds what it is there to find: each kind of damage is told, and none where there is none. */
import { expect, test } from "vitest";
import { type Expected, type Found, judge } from "../../../script/faults/bot/model.ts";

const expected: Expected = {
  repository: 1,
  number: 7,
  state: "open",
  head_sha: "abc",
  checks: { "belay / main / promotion": ["success"] },
  answered: [11],
  seen: [11, 12],
  begun: [12],
};
const answer = "<!-- belay:answer=comment:11 -->";
const card = "<!-- belay:operation=o -->";
const found: Found = {
  stored: { state: "open", head_sha: "abc" },
  checks: [{ name: "belay / main / promotion", conclusion: "success" }],
  comments: [answer, card],
  reactions: [11, 12],
  operations: [{ id: "o", comment_id: 12, state: "failed", runs: [1] }],
};
const operation = found.operations[0];
if (operation === undefined) throw new Error("unreachable");

test("nothing is told where everything is as it must be", () => {
  expect(judge(expected, found)).toEqual({ lost: [], doubled: [], wrong_state: [] });
});

test.each<readonly ["lost" | "doubled" | "wrong_state", string, Partial<Found>]>([
  ["lost", "comment 11 was not answered", { comments: [card] }],
  ["lost", "comment 12 got no reaction", { reactions: [11] }],
  ["lost", "comment 12 began nothing", { operations: [], comments: [answer] }],
  ["lost", "operation o has no run", { operations: [{ ...operation, runs: [0] }] }],
  ["lost", "no check belay / main / promotion", { checks: [] }],
  ["lost", "the bot knows nothing of it", { stored: null }],
  ["doubled", `written twice: ${answer}`, { comments: [answer, answer, card] }],
  ["doubled", "operation o started 2 runs", { operations: [{ ...operation, runs: [2] }] }],
  ["doubled", "comment 12 began several operations", { operations: [operation, { ...operation, id: "p" }] }],
  ["doubled", "2 checks belay / main / promotion", { checks: [...found.checks, ...found.checks] }],
  ["wrong_state", "operation o is running", { operations: [{ ...operation, state: "running" }] }],
  [
    "wrong_state",
    "operation p was begun by nobody",
    {
      operations: [operation, { ...operation, id: "p", comment_id: 13 }],
    },
  ],
  ["wrong_state", "it is open, and stored as closed", { stored: { state: "closed", head_sha: "abc" } }],
  ["wrong_state", "its head is abc, and old is stored", { stored: { state: "open", head_sha: "old" } }],
  [
    "wrong_state",
    "the check belay / main / promotion is failure",
    {
      checks: [{ name: "belay / main / promotion", conclusion: "failure" }],
    },
  ],
  ["wrong_state", "a comment that nobody asked for: hello", { comments: [answer, card, "hello"] }],
])("%s: %s", (kind, sentence, damage) => {
  const judged = judge(expected, { ...found, ...damage });
  expect(judged[kind]).toEqual([`1#7: ${sentence}`]);
});
