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
  const shared = sharesConnections(folder) ? "-o ControlMaster=auto -o ControlPersist=60s " : "";
  // Quoted twice: for Ansible, which splits words, and for ssh, which splits paths.
  const identity = access.sshKey === "" ? "" : ` -o 'IdentityFile="${key}"' -o IdentitiesOnly=yes`;
  return {
    folder,
    environment: {
      ANSIBLE_INVENTORY: inventory,
      ANSIBLE_HOST_KEY_CHECKING: "true",
      ANSIBLE_SSH_ARGS: `${shared}-o StrictHostKeyChecking=yes -o 'UserKnownHostsFile="${knownHosts}"' -o GlobalKnownHostsFile=/dev/null -o BatchMode=yes -o ConnectTimeout=15 ${NOTICES_A_CUT}${identity}`,
      ANSIBLE_SSH_CONTROL_PATH_DIR: folder,
      ANSIBLE_LOCAL_TEMP: path.join(folder, "ansible"),
      BELAY_RESTIC_REPOSITORY: access.resticRepository,
      BELAY_RESTIC_PASSWORD: access.resticPassword,
      BELAY_PURGE_KEYS: access.purgeKeys,
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A line that is cut says nothing: without questions of its own ssh would wait for a quarter of an hour and more. */
const NOTICES_A_CUT = "-o ServerAliveInterval=15 -o ServerAliveCountMax=4";

/** Bytes of a socket's path, where it is shortest (macOS), without the zero at its end. */
const LONGEST_SOCKET = 103;
/** Ansible's name for the socket of a connection, and what ssh adds to it while it makes the connection. */
const SOCKET_NAME = "/0123456789.0123456789abcdef".length;

/** Tasks share a connection through a socket in this folder; below a deep folder each task has its own, which only takes longer. */
export function sharesConnections(folder: string): boolean {
  return Buffer.byteLength(folder) + SOCKET_NAME <= LONGEST_SOCKET;
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
