import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDirectory } from "../../../src/store/directory-lock.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "belay-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a second store on the directory is refused, with the holder's process and what to do", () => {
  const lock = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(
    `The store in ${directory} is in use by another Belay (process ${process.pid}), and only one may use a directory. ` +
      "Stop the other one, choose another BELAY_STORE_DIR, or let both use one PostgreSQL through DATABASE_URL.",
  );
  lock.release();
  lockDirectory(directory).release();
});

test("the lock dies with its process, also after kill -9", async () => {
  const lock = join(import.meta.dirname, "../../../src/store/directory-lock.ts");
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(lock)});
    lockDirectory(${JSON.stringify(directory)});
    // Nobody holds on to the lock here, and still it must outlive the collection of garbage.
    for (let round = 0; round < 5; round++) globalThis.gc();
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(holder, "exit");
  try {
    await once(holder.stdout, "data");
    expect(() => lockDirectory(directory)).toThrow(`(process ${holder.pid})`);
  } finally {
    holder.kill("SIGKILL");
    await exited;
  }
  lockDirectory(directory).release();
});
