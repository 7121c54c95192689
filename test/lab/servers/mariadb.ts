/** A MariaDB server with a data directory of its own. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { freePort, type Server, type Start } from "../servers.ts";

export type MariaDb = Server & { readonly port: number; readonly socket: string };

type StartGuarded = (start: Omit<Start, "guard">) => Promise<Server>;

/**
 * Its root has no password and is let in only through the socket, as the system's root.
 * @param options further ones of mariadbd, such as `--version=10.5.0-MariaDB` to claim another version
 */
export async function startMariaDb(
  folder: string,
  start: StartGuarded,
  options: readonly string[] = [],
): Promise<MariaDb> {
  const data = path.join(folder, "data");
  const socket = path.join(folder, "mariadb.sock");
  const port = await freePort();
  await mkdir(data, { recursive: true });
  await execa("chown", ["mysql:mysql", folder, data]);
  await execa("mariadb-install-db", [
    "--no-defaults",
    `--datadir=${data}`,
    "--user=mysql",
    // A server that starts removes what looks like its own from a folder that it shares with others: here theirs.
    `--tmpdir=${folder}`,
    "--auth-root-authentication-method=socket",
    "--skip-test-db",
  ]);
  const server = await start({
    name: "MariaDB",
    command: [
      "/usr/sbin/mariadbd",
      "--no-defaults",
      "--user=mysql",
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      `--socket=${socket}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      `--pid-file=${path.join(folder, "mariadb.pid")}`,
      "--character-set-server=utf8mb4",
      ...options,
    ],
    log: path.join(folder, "mariadb.log"),
    ready: async () => (await mariadb(socket, "SELECT 1")) === "1",
  });
  return { ...server, port, socket };
}

/** Runs SQL as the server's root through its socket: tab-separated lines without a header. */
export async function mariadb(socket: string, sql: string, database?: string): Promise<string> {
  const options = ["--no-defaults", `--socket=${socket}`, "--user=root", "--batch", "--skip-column-names"];
  const result = await execa("mariadb", [...options, ...(database === undefined ? [] : [database])], {
    input: sql,
  });
  return result.stdout;
}

type Account = { readonly database: string; readonly user: string; readonly password: string };

/** Creates a database and a user who may do everything in it and in Belay's scratch databases beside it. */
export async function createDatabase(socket: string, account: Account): Promise<void> {
  const user = `'${account.user}'@'127.0.0.1'`;
  // In a GRANT an underscore stands for any character unless it is escaped.
  const pattern = account.database.replaceAll("_", "\\_");
  await mariadb(
    socket,
    `CREATE DATABASE \`${account.database}\` CHARACTER SET utf8mb4;
     CREATE USER ${user} IDENTIFIED BY '${account.password}';
     GRANT ALL ON \`${pattern}\`.* TO ${user};
     GRANT ALL ON \`${pattern}\\_belay\\_%\`.* TO ${user};`,
  );
}
