/**
 * `npm run queue -- list` shows webhooks and writes to GitHub that were set aside; `npm run queue -- retry <id>...` (or `--all`) lets
 * them be tried again; `npm run queue -- restored`, once after the store was put back from a backup and before the bot starts, keeps what
 * was done since from being done again. Ends with 0, or 2 when the store could not be opened or nothing was named.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { afterRestore } from "../../src/flows/restored.ts";
import type { SetAsideRow } from "../../src/ports/queue.ts";
import { SettingsError, storeFrom } from "../../src/settings.ts";
import { StoreError } from "../../src/store/error.ts";
import { type OpenStore, openStore } from "../../src/store/open.ts";

const USAGE = `Usage: npm run queue -- list | retry <id>... | retry --all | restored
The store is found as the bot finds it: DATABASE_URL or BELAY_STORE_DIR. Stop the bot first where its store is the embedded one.`;

const ALWAYS = "1970-01-01T00:00:00.000Z";

async function main(): Promise<void> {
  const options = { all: { type: "boolean", default: false } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [command, ...ids] = positionals;
  const isRetry = command === "retry" && values.all === (ids.length === 0);
  const isRestored = command === "restored" && ids.length === 0;
  if (command !== "list" && !isRetry && !isRestored) throw new UsageError(USAGE);
  const place = storeFrom(process.env);
  const opened = await openStore(
    "directory" in place
      ? { kind: "directory", path: place.directory }
      : { kind: "postgres", url: place.database_url, onLost: (error) => console.error(error.message) },
  );
  try {
    if (isRestored) return await restored(opened);
    const rows = await opened.queue.setAside(ALWAYS);
    if (command === "list") return console.log(rows.map(line).join("\n") || "Nothing is set aside.");
    const chosen = values.all ? rows.map(({ id }) => id) : ids;
    const count = await opened.queue.tryAgain(chosen, new Date().toISOString());
    console.log(`${count} of ${chosen.length} will be tried again.`);
  } finally {
    await opened.close();
  }
}

async function restored({ queue, store }: OpenStore): Promise<void> {
  const clock = { now: () => new Date().toISOString(), id: randomUUID };
  await queue.restored(clock.now());
  const settled = await afterRestore({ store, clock });
  console.log(
    `The store counts as put back from a backup. Operations that were under way in it: ${settled.length}.`,
  );
  for (const id of settled) console.log(`operation  ${id}`);
}

const line = ({ queue, id, what, attempts, last_error }: SetAsideRow): string =>
  `${queue}  ${id}  ${what}  after ${attempts} tries: ${(last_error ?? "").split("\n", 1)[0]}`;

class UsageError extends Error {}

main().catch((error: unknown) => {
  const expected = [SettingsError, StoreError, UsageError, TypeError].some((kind) => error instanceof kind);
  console.error(expected && error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
