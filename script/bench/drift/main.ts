/** `npm run bench -- drift`: what a drift check costs, beside everything else that could tell whether data changed. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { lockDirectory } from "../../../src/store/directory-lock.ts";
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
  const lock = lockDirectory(path.join(options.cache, "lock"));
  const folder = await mkdtemp(path.join(tmpdir(), "belay-bench-"));
  const guard = startGuard(folder);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void guard.release().finally(() => process.exit(130)));
  try {
    const result = await measureAll(options, { run: folder, guard });
    printResult({ benchmark: "drift", machine: describeMachine(), versions: await versions(), ...result });
  } finally {
    await guard.release();
    lock.release();
  }
}
