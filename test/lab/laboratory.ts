/** Two real WordPress environments on one host, reached over ssh, everything below one temporary folder. */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Guard, startGuard } from "./guard.ts";
import { inventoryYaml } from "./inventory.ts";
import { createDatabase, type MariaDb, startMariaDb } from "./servers/mariadb.ts";
import { startNginx } from "./servers/nginx.ts";
import { phpSocket, startPhp } from "./servers/php.ts";
import { type Sshd, startSshd } from "./servers/sshd.ts";
import { freePort, type Server, type Start, startServer } from "./servers.ts";
import { asOwner, layOut, OWNER, type Site, unpackWordPress } from "./site.ts";
import { type Account, addTheme, installWordPress } from "./wordpress.ts";

export type EnvironmentOptions = {
  readonly database?: string;
  readonly prefix?: string;
  readonly port?: number;
};
export type LaboratoryOptions = {
  /** Folder of an unpacked WordPress; Debian's by default. */
  readonly wordpress?: string;
  /** PHP workers of each site; 8 by default. */
  readonly workers?: number;
  readonly production?: EnvironmentOptions;
  readonly staging?: EnvironmentOptions;
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
  /** Pids of the servers. */
  readonly processes: readonly number[];
  /** Starts one more server that ends with the laboratory. */
  readonly start: (start: Omit<Start, "guard">) => Promise<Server>;
  /** Ends every process of the laboratory and removes its folder. */
  readonly stop: () => Promise<void>;
};

/** Needs root and `script/setup --lab`. Nothing stays behind, also when this fails half way or this process is killed. */
export async function startLaboratory(options: LaboratoryOptions = {}): Promise<Laboratory> {
  if (process.getuid?.() !== 0)
    throw new Error(
      "The laboratory starts servers under several users and needs root. Repeat the command with sudo.",
    );
  const folder = await mkdtemp(path.join(tmpdir(), "belay-lab-"));
  const guard = startGuard(folder);
  try {
    await chmod(folder, 0o755);
    await mayEnter(folder);
    return await build(folder, guard, options);
  } catch (error) {
    await guard.release();
    throw error;
  }
}

async function mayEnter(folder: string): Promise<void> {
  await asOwner(["test", "-x", folder]).catch(() => {
    throw new Error(
      `${OWNER} may not enter ${folder}. Set TMPDIR to a folder open to everybody, such as /tmp.`,
    );
  });
}

async function build(folder: string, guard: Guard, options: LaboratoryOptions): Promise<Laboratory> {
  const say = options.onProgress ?? (() => undefined);
  const inFolder = (name: string) => path.join(folder, name);
  say("MariaDB starts");
  const start = (given: Omit<Start, "guard">) => startServer({ ...given, guard });
  const database = await startMariaDb(inFolder("mariadb"), start);
  const production = await describe("production", folder, { prefix: "wp_", ...options.production }, database);
  const staging = await describe("staging", folder, { prefix: "stg7_", ...options.staging }, database);
  const sites = [production, staging];
  for (const site of sites) {
    await createDatabase(database.socket, site);
    await layOut(site);
  }
  say("PHP-FPM, nginx and sshd start");
  const pools = sites.map(({ name, root }) => ({ name, root, workers: options.workers ?? 8 }));
  const php = await startPhp(inFolder("php"), pools, guard);
  const web = sites.map(({ name, root, url }) => ({
    root,
    port: Number(new URL(url).port),
    php: phpSocket(inFolder("php"), name),
  }));
  const nginx = await startNginx(inFolder("nginx"), web, guard);
  const ssh = await startSshd(inFolder("ssh"), guard);
  say("WordPress is installed in production");
  const people = { admin: account("keeper"), visitor: account("climber") };
  await unpackWordPress(production, options.wordpress ?? "/usr/share/wordpress");
  const { posts } = await installWordPress(production, people.admin, people.visitor);
  await addTheme(production, { version: "1" });
  const inventory = inFolder("inventory.yml");
  await writeFile(inventory, inventoryYaml(ssh.port));
  const processes = [database, php, nginx, ssh].map((server) => server.pid);
  return {
    ...{ folder, production, staging, ...people, posts, database, ssh, inventory, processes },
    ...{ start, stop: guard.release },
  };
}

async function describe(
  name: string,
  folder: string,
  given: EnvironmentOptions & { readonly prefix: string },
  database: MariaDb,
): Promise<Site> {
  return {
    name,
    root: path.join(folder, "sites", name),
    url: `http://127.0.0.1:${given.port ?? (await freePort())}`,
    database: given.database ?? `lab_${name}`,
    user: `lab_${name}`,
    password: randomBytes(16).toString("base64url"),
    prefix: given.prefix,
    databasePort: database.port,
  };
}

const account = (login: string): Account => ({ login, password: randomBytes(12).toString("base64url") });
