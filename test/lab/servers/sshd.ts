/** An ssh server with keys made now. Its user is root, as Ansible's often is. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { type Guard, MARK } from "../guard.ts";
import { freePort, type Server, startServer } from "../servers.ts";

export type Sshd = Server & {
  readonly port: number;
  /** Path of the private key that logs in. */
  readonly privateKey: string;
  /** Path of a known_hosts file with the server's key. */
  readonly knownHosts: string;
};

export async function startSshd(folder: string, guard: Guard): Promise<Sshd> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // sshd wants this folder, whatever its own configuration says.
  await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const hostKey = path.join(folder, "host_key");
  const privateKey = path.join(folder, "client_key");
  for (const file of [hostKey, privateKey])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  await copyFile(`${privateKey}.pub`, path.join(folder, "authorized_keys"));
  const port = await freePort();
  const knownHosts = path.join(folder, "known_hosts");
  const [type, key] = (await readFile(`${hostKey}.pub`, "utf8")).split(" ");
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${type} ${key}\n`);
  const config = path.join(folder, "sshd_config");
  await writeFile(config, await configuration(folder, port, guard));
  const server = await startServer({
    name: "sshd",
    // sshd starts itself anew for each connection and therefore insists on its whole path.
    command: ["/usr/sbin/sshd", "-D", "-e", "-f", config],
    log: path.join(folder, "sshd.log"),
    ready: async () => (await ssh({ port, privateKey, knownHosts }, ["true"])).exitCode === 0,
    guard,
  });
  return { ...server, port, privateKey, knownHosts };
}

async function configuration(folder: string, port: number, guard: Guard): Promise<string> {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM ${(await rootIsLocked()) ? "yes" : "no"}
StrictModes no
MaxStartups 100
SetEnv ${MARK}=${guard.mark[MARK]}
Subsystem sftp internal-sftp
PidFile ${folder}/sshd.pid
`;
}

/** Ubuntu locks root's password; without PAM sshd then refuses keys as well, and with PAM containers often have trouble. */
async function rootIsLocked(): Promise<boolean> {
  return /^root:!/m.test(await readFile("/etc/shadow", "utf8"));
}

type Door = Pick<Sshd, "port" | "privateKey" | "knownHosts">;

/** Runs a command on the host as root. Never rejects: look at `exitCode`. */
export const ssh = (door: Door, command: readonly string[]) =>
  execa(
    "ssh",
    [
      ...["-F", "/dev/null", "-i", door.privateKey, "-p", String(door.port)],
      ...["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", `UserKnownHostsFile=${door.knownHosts}`],
      ...["root@127.0.0.1", "--", ...command],
    ],
    { reject: false, stdin: "ignore" },
  );
