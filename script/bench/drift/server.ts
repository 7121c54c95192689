/** The MariaDB server of a data set: its own folder, a socket, no network. */
import path from "node:path";
import { execa } from "execa";
import type { Guard } from "../../../test/lab/guard.ts";
import { type Server, startServer } from "../../../test/lab/servers.ts";

export type Database = Server & { readonly socket: string };

export type DatabaseStart = {
  /** Data directory. */
  readonly data: string;
  /** Folder for socket and log; the guard removes it. */
  readonly run: string;
  readonly guard: Guard;
  /** Bytes that the buffer pool may have: more than the tables, so that nothing is read from disk. */
  readonly pool: number;
};

/** What the benchmark's tables lie in. */
export const SCHEMA = "bench";

/** Without the caches' wish for safety: what is measured is reading, and the writers' waits for locks, not for the disk. */
const OPTIONS = [
  "--skip-networking",
  "--skip-name-resolve",
  "--character-set-server=utf8mb4",
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-log-file-size=1G",
  "--innodb-stats-persistent=1",
  "--innodb-buffer-pool-dump-at-shutdown=0",
  "--innodb-buffer-pool-load-at-startup=0",
  "--max-allowed-packet=64M",
];

/** Root has no password: whoever reaches the socket in root's own folder is root. */
export async function installDatabase(data: string): Promise<void> {
  const options = [
    "--no-defaults",
    "--user=root",
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ];
  await execa("mariadb-install-db", [...options, `--datadir=${data}`]);
}

/** @param more further options of mariadbd */
export async function startDatabase(start: DatabaseStart, more: readonly string[] = []): Promise<Database> {
  const socket = path.join(start.run, "database.sock");
  const server = await startServer({
    name: "MariaDB",
    command: [
      "/usr/sbin/mariadbd",
      "--no-defaults",
      "--user=root",
      `--datadir=${start.data}`,
      `--tmpdir=${start.run}`,
      `--socket=${socket}`,
      `--pid-file=${path.join(start.run, "database.pid")}`,
      `--innodb-buffer-pool-size=${start.pool}`,
      ...OPTIONS,
      ...more,
    ],
    log: path.join(start.run, "database.log"),
    ready: async () => (await ask(socket, "SELECT 1", "mysql")) === "1",
    guard: start.guard,
  });
  return { ...server, socket };
}

/** Runs SQL through the client: tab-separated lines without a header. */
export async function ask(socket: string, sql: string, schema = SCHEMA): Promise<string> {
  const options = ["--no-defaults", "--user=root", `--socket=${socket}`, "--batch", "--skip-column-names"];
  return (await execa("mariadb", [...options, schema], { input: sql })).stdout;
}
