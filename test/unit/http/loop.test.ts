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
  await expect.poll(() => steps, PATIENT).toBe(1);
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

test("one worker looks at a time; what is found is worked on by all of them at once", async () => {
  const done = Promise.withResolvers<void>();
  let looking = 0;
  let most = 0;
  let left = 3;
  let at_work = 0;
  const step = async (found: () => void) => {
    looking += 1;
    most = Math.max(most, looking);
    await Promise.resolve();
    looking -= 1;
    if (left === 0) return false;
    left -= 1;
    at_work += 1;
    found();
    await done.promise;
    return true;
  };
  const loop = startLoop({ step, workers: 4, pollMs: never, onFault: () => {} });
  await expect.poll(() => at_work, PATIENT).toBe(3);
  expect(most).toBe(1);
  done.resolve();
  await loop.stop();
});

test("what was waited for is looked for when the work that it waited for is done", async () => {
  const first = Promise.withResolvers<void>();
  let busy = false;
  let begun = 0;
  const step = async (found: () => void) => {
    if (busy || begun === 2) return false;
    busy = true;
    begun += 1;
    found();
    if (begun === 1) await first.promise;
    busy = false;
    return true;
  };
  const loop = startLoop({ step, workers: 2, pollMs: never, onFault: () => {} });
  await expect.poll(() => begun, PATIENT).toBe(1);
  first.resolve();
  await expect.poll(() => begun, PATIENT).toBe(2);
  await loop.stop();
});
