/** Everything that the demo plays on: the laboratory, GitHub's double with a repository, and the bot as a process of its own. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { stringify } from "yaml";
import { type Double, startDouble } from "../../test/double/double.ts";
import { type Laboratory, startLaboratory } from "../../test/lab/laboratory.ts";
import { freePort, type Server, startServer } from "../../test/lab/servers.ts";
import { OWNER, type Site } from "../../test/lab/wordpress.ts";
import type { Narrator } from "./narrator.ts";

export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const BELAY = "belay-bot/belay";

export type Stage = {
  readonly lab: Laboratory;
  readonly double: Double;
  readonly bot: { readonly url: string };
  readonly stop: () => Promise<void>;
};
type Undo = () => Promise<void>;

/** The site's configuration as it stands on the default branch. @param maxAge how old the last full backup may be */
export function siteConfig(lab: Laboratory, maxAge: string): string {
  const environment = (site: Site, host: string) => ({
    branch: site.name,
    url: site.url,
    host,
    root: site.root,
    database: { name: site.database, prefix: site.prefix },
  });
  return stringify({
    version: 1,
    site: "lab-shop",
    path: ["staging", "production"],
    environments: {
      staging: { type: "staging", ...environment(lab.staging, "web-staging"), cloned_from: "production" },
      production: { type: "production", ...environment(lab.production, "web-production") },
    },
    promotion: {
      preset: "content-protect",
      drift: "live",
      tables: { promote: ["lab_widgets"] },
      options: { promote: ["lab_*", "theme_mods_*"] },
      backup: { max_age: maxAge },
    },
    health: [
      { path: "/", status: 200, contains: "Open all year", within_s: 10 },
      { path: "/wp-login.php", status: 200, contains: "user_login", within_s: 10 },
    ],
  });
}

/** Starts the laboratory and prepares production's host, as docs/hosts.md says; staging is an empty host until it is cloned. */
export async function startSites(tell: Narrator, undo: Undo[]): Promise<Laboratory> {
  const lab = await startLaboratory({ onProgress: tell.say });
  undo.push(lab.stop);
  await prepareHost(lab, lab.production, "web-production");
  return lab;
}

async function prepareHost(lab: Laboratory, site: Site, host: string): Promise<void> {
  const input = path.join(lab.folder, `prepare-${site.name}.json`);
  const variables = {
    target_host: host,
    target_root: site.root,
    target_url: site.url,
    target_database: site.database,
    target_prefix: site.prefix,
    protected_paths: ["wp-content/uploads"],
    shared_paths: ["wp-config.php"],
    volatile_paths: [],
  };
  await writeFile(input, JSON.stringify(variables));
  await execa(
    "ansible-playbook",
    [path.join(PROJECT, "ansible/playbooks/host-prepare.yml"), "-e", `@${input}`],
    {
      cwd: path.join(PROJECT, "ansible"),
      env: {
        LC_ALL: "C.UTF-8",
        ANSIBLE_CONFIG: path.join(PROJECT, "ansible/ansible.cfg"),
        ANSIBLE_INVENTORY: lab.inventory,
        ANSIBLE_LOCAL_TEMP: path.join(lab.folder, "ansible"),
        ANSIBLE_SSH_ARGS: `-o UserKnownHostsFile=${lab.ssh.knownHosts} -o IdentityFile=${lab.ssh.privateKey} -o IdentitiesOnly=yes -o BatchMode=yes`,
      },
    },
  );
}

/** GitHub's double with the site's repository, as a user of Belay sets it up. */
export async function startGitHub(lab: Laboratory, botUrl: string, undo: Undo[]): Promise<Double> {
  const backups = path.join(lab.folder, "backups");
  await mkdir(backups, { recursive: true });
  await execa("chown", [`${OWNER}:${OWNER}`, backups]);
  const workflow = await readFile(path.join(PROJECT, "docs/workflow/belay.yml"), "utf8");
  const double = await startDouble({
    runner: { project: PROJECT, node: process.execPath, belay: BELAY },
    repositories: [
      {
        name: "rope-works/lab-shop",
        defaultBranch: "main",
        files: {
          "README.md": "# Lab shop\n",
          "theme.txt": "version 1\n",
          ".github/belay.yml": siteConfig(lab, "24h"),
          ".github/belay/inventory.yml": await readFile(lab.inventory, "utf8"),
          ".github/belay/known_hosts": await readFile(lab.ssh.knownHosts, "utf8"),
          ".github/workflows/belay.yml": workflow.replace("https://belay.example.com", botUrl),
        },
        branches: ["production", "staging"],
        people: { dev: "write", visitor: "read" },
        environments: {
          production: {
            branches: ["main"],
            secrets: {
              BELAY_SSH_KEY: await readFile(lab.ssh.privateKey, "utf8"),
              BELAY_RESTIC_REPOSITORY: path.join(backups, "restic"),
              BELAY_RESTIC_PASSWORD: randomBytes(24).toString("base64url"),
            },
          },
        },
      },
    ],
  });
  undo.push(double.close);
  return double;
}

/** The bot, configured as docs/operating.md says, with its embedded store below the laboratory's folder. */
export async function startBot(lab: Laboratory, double: Double, port: number, undo: Undo[]): Promise<Server> {
  const key = path.join(lab.folder, "app.pem");
  await writeFile(key, double.app.privateKey, { mode: 0o600 });
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_ID: String(double.app.id),
    PRIVATE_KEY_PATH: key,
    WEBHOOK_SECRET: double.app.webhookSecret,
    CLIENT_ID: double.app.clientId,
    CLIENT_SECRET: double.app.clientSecret,
    GITHUB_API_URL: double.url,
    BELAY_OIDC_ISSUER: double.oidc.issuer(),
    BELAY_STORE_DIR: path.join(lab.folder, "store"),
    BELAY_WORKFLOWS: `${BELAY}/.github/workflows/promote.yml`,
    LOG_LEVEL: "info",
  };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const bot = await startServer({
    name: "the bot",
    command: ["env", ...assignments, process.execPath, path.join(PROJECT, "src/server.ts")],
    log: path.join(lab.folder, "bot.log"),
    ready: async () => (await fetch(`${url}/readyz`)).ok,
  });
  undo.push(bot.stop);
  double.connect(`${url}/api/github/webhooks`);
  return bot;
}

/** Runs what was collected, the newest first; a failure of one does not keep the others from running. */
export async function takeDown(undo: Undo[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step().catch((error) => console.error(String(error)));
}

export { freePort };
