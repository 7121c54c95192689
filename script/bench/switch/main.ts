/** `npm run bench -- switch`: what visitors notice of a promotion, beside the ways in which people do it today. */
import path from "node:path";
import { execa } from "execa";
import { describeMachine, observeLoad } from "../frame/machine.ts";
import { printResult, say } from "../frame/output.ts";
import { syncMs } from "./disk.ts";
import { goals, headline } from "./goals.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { measureAll } from "./run.ts";
import { makeWorld, startWorld } from "./world.ts";

const options = parse();
if (options !== undefined) await main(options);

function parse(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(given: Options): Promise<void> {
  await execa(path.join(import.meta.dirname, "../../setup"), ["--bench"], { stdio: ["ignore", 2, 2] });
  const load = await observeLoad();
  const lab = await startWorld(say);
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stopped = true;
      void lab.stop().finally(() => process.exit(130));
    });
  try {
    const sync_ms = await syncMs(lab.folder);
    const { by_tables, slow, mariadb_dump_rsync, drop_and_rename, ...rest } = await measureAll(
      await makeWorld(lab, given.sizes, say),
      given,
    );
    const line = headline({ by_tables, slow, mariadb_dump_rsync, drop_and_rename, ...rest });
    const ways = { belay: { ...by_tables, "5, slow": slow }, mariadb_dump_rsync, drop_and_rename };
    printResult({
      benchmark: "switch",
      ...line,
      goals: goals(line),
      ways,
      ...rest,
      sync_ms,
      load,
      machine: describeMachine(),
    });
  } catch (error) {
    // After a signal whatever ran was ended, and complains.
    if (!stopped) console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await lab.stop();
  }
}
