/** Files and environment by which Ansible reaches the hosts: the pinned host keys, and the private key only for as long as a job runs. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ActionError } from "./error.ts";
import type { HostAccess } from "./inputs.ts";

export type Workplace = {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly remove: () => Promise<void>;
};

/**
 * Makes a private folder for one run and the environment that ansible-playbook gets.
 * @throws ActionError INVENTORY_MISSING, KNOWN_HOSTS_MISSING
 */
export async function prepareWorkplace(access: HostAccess, base: string = tmpdir()): Promise<Workplace> {
  const inventory = path.resolve(access.inventory);
  const knownHosts = path.resolve(access.knownHosts);
  await requireFile(inventory, "INVENTORY_MISSING", "the inventory of the hosts");
  await requireFile(knownHosts, "KNOWN_HOSTS_MISSING", "the pinned host keys");
  const folder = await mkdtemp(path.join(base, "belay-"));
  const key = path.join(folder, "ssh-key");
  if (access.sshKey !== "") {
    await writeFile(key, `${access.sshKey.replace(/\r\n/g, "\n").trimEnd()}\n`, { mode: 0o600 });
    await chmod(key, 0o600);
  }
  const identity = access.sshKey === "" ? "" : ` -o IdentityFile=${key} -o IdentitiesOnly=yes`;
  return {
    folder,
    environment: {
      ANSIBLE_INVENTORY: inventory,
      ANSIBLE_HOST_KEY_CHECKING: "true",
      ANSIBLE_SSH_ARGS: `-o ControlMaster=auto -o ControlPersist=60s -o ControlPath=${path.join(folder, "cm-%C")} -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${knownHosts} -o GlobalKnownHostsFile=/dev/null -o BatchMode=yes -o ConnectTimeout=15${identity}`,
      ANSIBLE_LOCAL_TEMP: path.join(folder, "ansible"),
      BELAY_RESTIC_REPOSITORY: access.resticRepository,
      BELAY_RESTIC_PASSWORD: access.resticPassword,
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function requireFile(file: string, code: string, what: string): Promise<void> {
  try {
    await readFile(file);
  } catch {
    throw new ActionError(
      code,
      `${path.relative(process.cwd(), file)} cannot be read: ${what} must stand on the default branch.`,
      "Add the file to the default branch, or name another one in the workflow's inputs; the workflow must check out the repository before Belay.",
    );
  }
}
