/** Secrets in the lists of processes that everybody on a machine may read: the bot's, the action's and ansible-playbook's. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const PROJECT = join(import.meta.dirname, "../..");
const TARGET = {
  environment: "production",
  host: "web",
  root: "/srv/acme",
  url: "https://acme.example",
  database: "acme",
  prefix: "wp_",
};
const INPUT = {
  ...Object.fromEntries(Object.entries(TARGET).map(([name, value]) => [`target_${name}`, value])),
  health_checks: [],
};
const secret = () => randomBytes(16).toString("hex");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "belay-secrets-"));
  for (const file of ["inventory.yml", "known_hosts"]) writeFileSync(join(folder, file), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("neither the action nor what it starts shows a key or a password among its arguments", async () => {
  const seen = join(folder, "seen");
  // Looks at the arguments of all processes while it runs in the place of Ansible, as any user of the machine could.
  const program = `#!/bin/sh\nfor one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $one; echo; done > ${seen} 2>/dev/null\nexit 2\n`;
  writeFileSync(join(folder, "ansible-playbook"), program);
  chmodSync(join(folder, "ansible-playbook"), 0o755);
  const job = {
    job_id: "00000000-0000-4000-8000-000000000001",
    job_type: "health_check",
    operation_id: "00000000-0000-4000-8000-000000000002",
  };
  writeFileSync(join(folder, "job.json"), JSON.stringify({ ...INPUT, ...job }));
  const secrets = { "INPUT_SSH-KEY": secret(), "INPUT_RESTIC-PASSWORD": secret() };
  const child = spawn(process.execPath, [join(PROJECT, "dist/index.js")], {
    cwd: folder,
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      TMPDIR: folder,
      INPUT_INVENTORY: "inventory.yml",
      "INPUT_KNOWN-HOSTS": "known_hosts",
      "INPUT_JOB-FILE": "job.json",
      "INPUT_RESTIC-REPOSITORY": "/backups",
      "INPUT_REPORT-FILE": join(folder, "report.json"),
      ...secrets,
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  await once(child, "close");
  const shown = readFileSync(seen, "utf8");
  expect(shown, said).toContain("dist/index.js");
  expect(shown).toContain("ansible-playbook");
  const report = readFileSync(join(folder, "report.json"), "utf8");
  for (const one of Object.values(secrets))
    for (const text of [shown, said, report]) expect(text).not.toContain(one);
  // The key's file is gone with the run.
  expect(readdirSync(folder).filter((name) => name.startsWith("belay-"))).toEqual([]);
}, 60_000);
