import { expect, test } from "vitest";
import { startLoop } from "../../../src/loop.ts";

const never = 2 ** 30;
/** Reached only when the test fails. */
const PATIENT = { timeout: 4_000 };

test("it works until there is nothing left, and again when it is woken", async () => {
  let left = 3;
  let done = 0;
  const step = async () => {
    if (left === 0) return false;
    left -= 1;
    done += 1;
    return true;
  };
  const loop = startLoop({ step, workers: 2, pollMs: never, onFault: () => {} });
  await expect.poll(() => done, PATIENT).toBe(3);
  left = 2;
  loop.wake();
  await expect.poll(() => done, PATIENT).toBe(5);
  await loop.stop();
});

test("a wake during a step that sees nothing is not lost", async () => {
  const looked = Promise.withResolvers<void>();
  let steps = 0;
  const step = async () => {
    steps += 1;
    if (steps === 1) await looked.promise;
    return false;
  };
  const loop = startLoop({ step, workers: 1, pollMs: never, onFault: () => {} });
  loop.wake();
  looked.resolve();
  await expect.poll(() => steps, PATIENT).toBe(2);
  await loop.stop();
});

test("a step that throws is told of and tried again; stopping waits for what is at work", async () => {
  const faults: unknown[] = [];
  const atWork = Promise.withResolvers<void>();
  let steps = 0;
  const step = async () => {
    steps += 1;
    if (steps === 1) throw new Error("the store is away");
    await atWork.promise;
    return false;
  };
  const loop = startLoop({ step, workers: 1, pollMs: 1, onFault: (error) => faults.push(error) });
  await expect.poll(() => steps, PATIENT).toBe(2);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await Promise.resolve();
  expect(stopped).toBe(false);
  atWork.resolve();
  await stopping;
  expect(faults).toEqual([new Error("the store is away")]);
});
