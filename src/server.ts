/** The bot as a process: `node src/server.ts`, configured by environment variables (docs/operating.md). */
import { pino } from "pino";
import { startBot } from "./bot.ts";
import { logOptions } from "./log.ts";
import { SettingsError, settingsFrom } from "./settings.ts";
import { StoreError } from "./store/error.ts";

async function main(): Promise<void> {
  const settings = settingsFrom(process.env);
  const log = pino(logOptions(settings.log_level));
  const bot = await startBot({ ...settings, log, onOutdated: () => process.exit(1) });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    bot.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, "could not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
}

main().catch((error: unknown) => {
  if (error instanceof SettingsError || error instanceof StoreError) console.error(error.message);
  else console.error(`Belay cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
