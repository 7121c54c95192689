/** Two real WordPress environments on one host, reached over ssh, everything below one temporary folder. */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  freePort,
  type MariaDb,
  mariadb,
  type Server,
  type Sshd,
  startMariaDb,
  startNginx,
  startPhp,
  startSshd,
} from "./servers.ts";
import {
  type Account,
  addTheme,
  installProduction,
  layOut,
  type Site,
  unpackWordPress,
} from "./wordpress.ts";

export type LaboratoryOptions = {
  /** Folder of an unpacked WordPress. */
  readonly wordpress?: string;
  readonly workers?: number;
  readonly production?: { readonly database?: string; readonly prefix?: string };
  readonly staging?: { readonly database?: string; readonly prefix?: string };
  readonly onProgress?: (sentence: string) => void;
};

export type Laboratory = {
  readonly folder: string;
  readonly production: Site;
  /** An empty skeleton until Belay clones production into it. */
  readonly staging: Site;
  readonly admin: Account;
  readonly visitor: Account;
  /** Ids of published posts in production. */
  readonly posts: readonly number[];
  readonly database: MariaDb;
  readonly ssh: Sshd;
  /** Path of an Ansible inventory with the hosts web-production and web-staging. */
  readonly inventory: string;
  readonly processes: () => readonly number[];
  /** Stops everything and removes the folder. */
  readonly stop: () => Promise<void>;
};

/** Needs root and the packages of `script/setup --lab`. On any error everything that was started is stopped again. */
export async function startLaboratory(options: LaboratoryOptions = {}): Promise<Laboratory> {
  const folder = await mkdtemp(path.join(tmpdir(), "belay-lab-"));
  await chmod(folder, 0o755);
  const servers: Server[] = [];
  const stop = async () => {
    for (const server of servers.splice(0).reverse()) await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return await build(folder, servers, stop, options);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  folder: string,
  servers: Server[],
  stop: () => Promise<void>,
  options: LaboratoryOptions,
): Promise<Laboratory> {
  const say = options.onProgress ?? (() => undefined);
  const started = <T extends Server>(server: T): T => {
    servers.push(server);
    return server;
  };
  say("MariaDB starts");
  const database = started(await startMariaDb(path.join(folder, "mariadb")));
  const site = async (
    name: string,
    given: { readonly database?: string; readonly prefix?: string },
  ): Promise<Site> => ({
    name,
    root: path.join(folder, "sites", name),
    url: `http://127.0.0.1:${await freePort()}`,
    database: given.database ?? `lab_${name}`,
    user: `lab_${name}`,
    password: randomBytes(16).toString("base64url"),
    prefix: given.prefix ?? (name === "production" ? "wp_" : "stg7_"),
    databasePort: database.port,
  });
  const production = await site("production", options.production ?? {});
  const staging = await site("staging", options.staging ?? {});
  for (const each of [production, staging]) {
    await createDatabase(database.socket, each);
    await layOut(each);
  }
  say("PHP-FPM, nginx and sshd start");
  const pools = [production, staging].map((each) => ({
    name: each.name,
    root: each.root,
    workers: options.workers ?? 8,
  }));
  started(await startPhp(path.join(folder, "php"), pools));
  const web = [production, staging].map((each) => ({
    pool: each.name,
    root: each.root,
    port: Number(new URL(each.url).port),
  }));
  started(await startNginx(path.join(folder, "nginx"), path.join(folder, "php"), web));
  const ssh = started(await startSshd(path.join(folder, "ssh")));
  say("WordPress is installed in production");
  const account = (login: string): Account => ({ login, password: randomBytes(12).toString("base64url") });
  const admin = account("keeper");
  const visitor = account("climber");
  await unpackWordPress(production, options.wordpress ?? "/usr/share/wordpress");
  const { posts } = await installProduction(production, admin, visitor);
  await addTheme(production, { version: "1" });
  const inventory = path.join(folder, "inventory.yml");
  await writeFile(inventory, inventoryYaml(ssh.port));
  const processes = () => servers.map((server) => server.pid);
  return { folder, production, staging, admin, visitor, posts, database, ssh, inventory, processes, stop };
}

async function createDatabase(socket: string, site: Site): Promise<void> {
  const user = `'${site.user}'@'127.0.0.1'`;
  await mariadb(
    socket,
    `CREATE DATABASE \`${site.database}\` CHARACTER SET utf8mb4;
     CREATE USER ${user} IDENTIFIED BY '${site.password}';
     GRANT ALL ON \`${site.database.replaceAll("_", "\\_")}\`.* TO ${user};
     GRANT ALL ON \`${site.database.replaceAll("_", "\\_")}\\_belay\\_%\`.* TO ${user};`,
  );
}

/** Both environments live on one machine here; on real ones each host has its own address. */
export function inventoryYaml(sshPort: number): string {
  const host = (name: string) =>
    `    ${name}:\n      ansible_host: 127.0.0.1\n      ansible_port: ${sshPort}\n`;
  return `all:\n  hosts:\n${host("web-production")}${host("web-staging")}  vars:\n    ansible_user: root\n    ansible_python_interpreter: /usr/bin/python3\n`;
}
