/** `npm run bench -- drift`: what a drift check costs, beside everything else that could tell whether data changed. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { type DirectoryLock, lockDirectory } from "../../../src/store/directory-lock.ts";
import { startGuard } from "../../../test/lab/guard.ts";
import { describeMachine } from "../frame/machine.ts";
import { printResult } from "../frame/output.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { measureAll } from "./run.ts";
import { versions } from "./versions.ts";

const options = parse();
if (options !== undefined) await main(options);

function parse(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(options: Options): Promise<void> {
  await execa(path.join(import.meta.dirname, "../../setup"), ["--bench"], { stdio: ["ignore", 2, 2] });
  await mkdir(options.cache, { recursive: true, mode: 0o700 });
  const lock = lockCache(options.cache);
  const folder = await mkdtemp(path.join(tmpdir(), "belay-bench-"));
  const guard = startGuard(folder);
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stopped = true;
      void guard.release().finally(() => process.exit(130));
    });
  try {
    const result = await measureAll(options, { run: folder, guard });
    printResult({ benchmark: "drift", machine: describeMachine(), versions: await versions(), ...result });
  } catch (error) {
    // After a signal whatever ran was ended, and complains.
    if (!stopped) console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await guard.release();
    lock.release();
  }
}

/** Two at once would build the same data sets, and disturb each other's figures. */
function lockCache(cache: string): DirectoryLock {
  try {
    return lockDirectory(path.join(cache, "lock"));
  } catch (cause) {
    throw new Error(`Another benchmark works in ${cache}. Wait for it, or choose another --cache.`, {
      cause,
    });
  }
}
