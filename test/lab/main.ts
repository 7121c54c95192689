/** `script/run --lab test/lab/main.ts [--state FILE]`: starts the laboratory, says where everything is, and stops it on Ctrl-C. */
import { writeFile } from "node:fs/promises";
import { startLaboratory } from "./laboratory.ts";

const lab = await startLaboratory({ onProgress: (sentence) => console.log(sentence) });
const state = {
  folder: lab.folder,
  production: lab.production,
  staging: lab.staging,
  inventory: lab.inventory,
  known_hosts: lab.ssh.knownHosts,
  ssh_key: lab.ssh.privateKey,
  socket: lab.database.socket,
  pid: process.pid,
};
const file = process.argv[process.argv.indexOf("--state") + 1];
if (process.argv.includes("--state") && file !== undefined)
  await writeFile(file, JSON.stringify(state, null, 2));
console.log(JSON.stringify(state, null, 2));
console.log("Press Ctrl-C to stop it and remove everything.");
const keepAlive = setInterval(() => undefined, 60_000);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    clearInterval(keepAlive);
    void lab.stop();
  });
}
