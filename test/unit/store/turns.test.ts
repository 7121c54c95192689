/** Whoever hurries goes first, and nobody waits for ever. */
import { expect, test } from "vitest";
import { startTurns } from "../../../src/store/turns.ts";

/** Asks for turns as the word says (h: in a hurry, p: patiently) while one is taken, then gives one on after another. */
async function orderOf(word: string): Promise<string> {
  const turns = startTurns();
  await turns.take(false);
  const served: string[] = [];
  const all = [...word].map(async (letter, at) => {
    await turns.take(letter === "h");
    served.push(`${letter}${at}`);
    turns.give();
  });
  turns.give();
  await Promise.all(all);
  return served.join(" ");
}

test.each([
  ["pph", "h2 p0 p1"],
  ["phhh", "h1 p0 h2 h3"],
  ["pphh", "h2 p0 h3 p1"],
  ["ppp", "p0 p1 p2"],
  ["hh", "h0 h1"],
])("%s: %s", async (asked, served) => {
  expect(await orderOf(asked)).toBe(served);
});

test("a turn is one's own until it is given on, and free after the last", async () => {
  const turns = startTurns();
  await turns.take(true);
  let second = false;
  const waiting = turns.take(true).then(() => {
    second = true;
  });
  await new Promise(setImmediate);
  expect(second).toBe(false);
  turns.give();
  await waiting;
  turns.give();
  await turns.take(false);
});
