/** What the disk below the database takes to keep something: the server waits for it five times for each table that it renames. */
import { open, rm } from "node:fs/promises";
import path from "node:path";
import { median } from "../frame/rounds.ts";

const TIMES = 200;

/** @returns milliseconds of one fdatasync after a small write, the median */
export async function syncMs(folder: string): Promise<number> {
  const file = path.join(folder, "sync-probe");
  const handle = await open(file, "w");
  try {
    const taken: number[] = [];
    for (let turn = 0; turn < TIMES; turn++) {
      await handle.write(Buffer.alloc(512, turn), 0, 512, turn * 512);
      const began = performance.now();
      await handle.datasync();
      taken.push(performance.now() - began);
    }
    return Math.round(median(taken) * 100) / 100;
  } finally {
    await handle.close();
    await rm(file);
  }
}
