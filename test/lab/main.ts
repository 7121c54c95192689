/**
 * `npm run lab`: starts the laboratory, says where everything is, and stops it on Ctrl-C.
 * `--state FILE` writes addresses and paths to a file, readable by root alone; `--json` prints them.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Laboratory, startLaboratory } from "./laboratory.ts";

const { values } = parseArgs({ options: { state: { type: "string" }, json: { type: "boolean" } } });

const lab = await startLaboratory({ onProgress: (sentence) => console.error(sentence) });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
const state = JSON.stringify(describe(lab), null, 2);
if (values.state !== undefined) await writeFile(values.state, state, { mode: 0o600 });
console.log(values.json ? state : sentences(lab));
// Keeps the process alive until a signal comes.
const alive = setInterval(() => undefined, 60_000);

async function close(): Promise<void> {
  console.error("The laboratory stops.");
  await lab.stop();
  clearInterval(alive);
}

function describe(lab: Laboratory) {
  return {
    folder: lab.folder,
    production: lab.production,
    staging: lab.staging,
    admin: lab.admin,
    visitor: lab.visitor,
    inventory: lab.inventory,
    known_hosts: lab.ssh.knownHosts,
    ssh_key: lab.ssh.privateKey,
    ssh_port: lab.ssh.port,
    socket: lab.database.socket,
    pid: process.pid,
  };
}

function sentences(lab: Laboratory): string {
  return [
    `production  ${lab.production.url}/  (log in as ${lab.admin.login}, password ${lab.admin.password})`,
    `staging     ${lab.staging.url}/  (empty until it is cloned)`,
    `ssh         ssh -i ${lab.ssh.privateKey} -o UserKnownHostsFile=${lab.ssh.knownHosts} -p ${lab.ssh.port} root@127.0.0.1`,
    `database    mariadb --socket=${lab.database.socket}`,
    `inventory   ${lab.inventory}`,
    "Press Ctrl-C to stop it and remove everything.",
  ].join("\n");
}
