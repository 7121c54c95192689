/** GitHub's double with the site's repository, as a user of Belay sets it up. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { type Double, startDouble } from "../double/double.ts";
import type { RepositoryOptions } from "../double/setup.ts";
import type { Laboratory } from "../lab/laboratory.ts";
import { OWNER } from "../lab/wordpress.ts";
import { siteConfig, type Words } from "./configuration.ts";
import { PROJECT } from "./host.ts";

export const BELAY = "belay-bot/belay";

/** @param words what the site's configuration says; the usual where it is silent */
export async function startGitHub(
  lab: Laboratory,
  botUrl: string,
  words: Partial<Words> = {},
): Promise<Double> {
  return startDouble({
    runner: { project: PROJECT, node: process.execPath, belay: BELAY },
    repositories: [await siteRepository(lab, botUrl, words)],
  });
}

export async function siteRepository(
  lab: Laboratory,
  botUrl: string,
  words: Partial<Words> = {},
): Promise<RepositoryOptions> {
  const { source = "staging", target = "production" } = words;
  const backups = path.join(lab.folder, "backups");
  await mkdir(backups, { recursive: true });
  await execa("chown", [`${OWNER}:${OWNER}`, backups]);
  const workflow = await readFile(path.join(PROJECT, "docs/workflow/belay.yml"), "utf8");
  return {
    name: "rope-works/lab-shop",
    defaultBranch: "main",
    files: {
      "README.md": "# Lab shop\n",
      "theme.txt": "version 1\n",
      ".github/belay.yml": siteConfig(lab, words),
      ".github/belay/inventory.yml": await readFile(lab.inventory, "utf8"),
      ".github/belay/known_hosts": await readFile(lab.ssh.knownHosts, "utf8"),
      ".github/workflows/belay.yml": workflow.replace("https://belay.example.com", botUrl),
    },
    branches: [target, source],
    people: { dev: "write", reviewer: "write", visitor: "read" },
    environments: {
      [target]: {
        branches: ["main"],
        secrets: {
          BELAY_SSH_KEY: await readFile(lab.ssh.privateKey, "utf8"),
          BELAY_RESTIC_REPOSITORY: path.join(backups, "restic"),
          BELAY_RESTIC_PASSWORD: randomBytes(24).toString("base64url"),
        },
      },
    },
  };
}
