/**
 * `npm run audit -- verify [--clone <folder>]`: reads the whole audit log and says whether it is what was written.
 * Ends with 0 when it holds, 1 when it does not, 2 when it could not be read.
 */
import { parseArgs } from "node:util";
import { SettingsError, storeFrom } from "../../src/settings.ts";
import { StoreError } from "../../src/store/error.ts";
import { openStore } from "../../src/store/open.ts";
import { anchorsOfClone } from "./anchors.ts";
import { verify } from "./verify.ts";

const USAGE = `Usage: npm run audit -- verify [--clone <folder>] [--json]
  --clone <folder>  a clone of a site's repository with its tags: the log must also agree with the tags belay/audit/*
  --json            one JSON object instead of sentences
The store is found as the bot finds it: DATABASE_URL or BELAY_STORE_DIR.`;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      clone: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== "verify") throw new UsageError(USAGE);
  const remembered = await Promise.all(values.clone.map(anchorsOfClone));
  const place = storeFrom(process.env);
  const opened = await openStore(
    "directory" in place
      ? { kind: "directory", path: place.directory }
      : { kind: "postgres", url: place.database_url, onLost: (error) => console.error(error.message) },
  );
  try {
    const result = await verify(opened.store, {
      anchors: remembered.flatMap(({ anchors }) => anchors),
      foreign: remembered.flatMap(({ foreign }) => foreign),
    });
    console.log(values.json ? JSON.stringify(result) : result.sentences.join("\n"));
    return result.holds ? 0 : 1;
  } finally {
    await opened.close();
  }
}

class UsageError extends Error {}

const isExpected = (error: unknown): error is Error =>
  error instanceof SettingsError || error instanceof StoreError || error instanceof UsageError;

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const text = error instanceof TypeError ? `${error.message}\n${USAGE}` : String(error);
    console.error(isExpected(error) ? error.message : text);
    process.exitCode = 2;
  },
);
