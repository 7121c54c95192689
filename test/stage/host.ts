/** A host is prepared as docs/hosts.md says: by hand, with a file of variables. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Laboratory } from "../lab/laboratory.ts";
import type { Site } from "../lab/wordpress.ts";

export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs host-prepare.yml for a site. Never rejects: look at `exitCode`, `stdout`. */
export async function prepareHost(lab: Laboratory, site: Site) {
  const input = path.join(lab.folder, `prepare-${site.name}.json`);
  const variables = {
    target_host: `web-${site.name}`,
    target_root: site.root,
    target_url: site.url,
    target_database: site.database,
    target_prefix: site.prefix,
    protected_paths: ["wp-content/uploads"],
    shared_paths: ["wp-config.php"],
    volatile_paths: [],
  };
  await writeFile(input, JSON.stringify(variables));
  const playbook = path.join(PROJECT, "ansible/playbooks/host-prepare.yml");
  return execa("ansible-playbook", [playbook, "-e", `@${input}`], {
    reject: false,
    cwd: path.join(PROJECT, "ansible"),
    env: {
      LC_ALL: "C.UTF-8",
      ANSIBLE_CONFIG: path.join(PROJECT, "ansible/ansible.cfg"),
      ANSIBLE_INVENTORY: lab.inventory,
      ANSIBLE_LOCAL_TEMP: path.join(lab.folder, "ansible"),
      ANSIBLE_SSH_ARGS: `-o UserKnownHostsFile=${lab.ssh.knownHosts} -o IdentityFile=${lab.ssh.privateKey} -o IdentitiesOnly=yes -o BatchMode=yes`,
    },
  });
}
