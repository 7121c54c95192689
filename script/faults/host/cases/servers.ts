/** Servers of the host that die: the database (and comes back), PHP-FPM; and a reader that keeps a table in use. */
import { setTimeout as sleep } from "node:timers/promises";
import { mariadb } from "../../../../test/lab/servers/mariadb.ts";
import { atSteps, type Case, type Fault } from "../fault.ts";
import { STEPS } from "./kills.ts";

/** How long the database is away before it is started again. */
const AWAY_MS = 1_000;
/** How long a foreign transaction keeps a metadata lock. */
const READER_S = 8;

export const database: Fault = {
  kind: "kill-mariadbd",
  recovery: "recover",
  disturbs: true,
  at: async ({ world }) => {
    world.servers.mariadb.kill();
    return undefined;
  },
  after: async ({ world }) => {
    await sleep(AWAY_MS);
    await world.servers.mariadb.start();
    return async () => undefined;
  },
};

export const php: Fault = {
  kind: "php-fpm-down",
  recovery: "recover",
  disturbs: true,
  at: async ({ world }) => {
    world.servers.php.kill();
    return () => world.servers.php.start();
  },
};

const reader: Fault = {
  kind: "reader-with-metadata-lock",
  recovery: "recover",
  must: "new",
  at: async ({ world: { lab, site } }) => {
    const table = `${site.prefix}lab_widgets`;
    const sql = `START TRANSACTION; SELECT COUNT(*) FROM ${table}; DO SLEEP(${READER_S}); COMMIT;`;
    const reading = mariadb(lab.database.socket, sql, site.database);
    const asks = `SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP(${READER_S})%'`;
    while ((await mariadb(lab.database.socket, asks)) === "0") await sleep(20);
    return () => reading;
  },
};

/** A release that nobody can see cannot be healthy; once it was found healthy (this step is written after the look) it stays. */
const FOUND_HEALTHY: readonly string[] = ["health", "confirmed", "code"];

export const SERVERS: readonly Case[] = [
  ...atSteps(STEPS, database),
  ...STEPS.flatMap((step) => atSteps([step], { ...php, must: FOUND_HEALTHY.includes(step) ? "new" : "old" })),
  ...atSteps(STEPS, reader),
];
