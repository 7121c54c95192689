/** A PostgreSQL server of Debian's package in a folder of its own, as careful as it is shipped: `fsync` and `synchronous_commit` are on. */
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { execa, execaSync } from "execa";

const BIN = "/usr/lib/postgresql/15/bin";

export type Postgres = {
  /** Of a fresh, empty database. The server keeps the others. */
  readonly database: (name: string) => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** @param options settings of the server beside its own, as `-c` takes them: `max_connections=50` */
export async function startPostgres(options: readonly string[] = []): Promise<Postgres> {
  const folder = mkdtempSync(path.join(tmpdir(), "belay-postgres-"));
  const data = path.join(folder, "data");
  await giveAway(folder);
  const run = (command: string, args: readonly string[]) =>
    execa(...asOwner(command, args), { cwd: folder, stdio: "ignore" });
  const more = options.map((one) => ` -c ${one}`).join("");
  try {
    await run("initdb", ["-D", data, "-U", "belay", "--auth=trust", "--locale=C", "--encoding=UTF8"]);
    const port = await freePort();
    const flags = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${more}`;
    await run("pg_ctl", ["-D", data, "-w", "-l", path.join(folder, "log"), "-o", flags, "start"]);
    const stopping = ["-D", data, "-m", "immediate", "-w", "stop"];
    const abandon = () => {
      execaSync(...asOwner("pg_ctl", stopping), { cwd: folder, stdio: "ignore", reject: false });
      rmSync(folder, { recursive: true, force: true });
    };
    // However this program ends, its server ends with it.
    process.once("exit", abandon);
    const at = ["-h", "127.0.0.1", "-p", String(port), "-U", "belay"];
    return {
      database: async (name) => {
        await run("dropdb", [...at, "--if-exists", "--force", name]);
        await run("createdb", [...at, name]);
        return `postgres://belay@127.0.0.1:${port}/${name}`;
      },
      stop: async () => {
        process.off("exit", abandon);
        await run("pg_ctl", stopping);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
const isRoot = () => userInfo().uid === 0;

async function giveAway(folder: string): Promise<void> {
  if (!isRoot()) return;
  const id = async (flag: string) => Number((await execa("id", [flag, "nobody"])).stdout);
  chownSync(folder, await id("-u"), await id("-g"));
}

function asOwner(command: string, args: readonly string[]): [program: string, args: string[]] {
  const become = isRoot() ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
  const [program = "", ...rest] = [...become, path.join(BIN, command), ...args];
  return [program, rest];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
