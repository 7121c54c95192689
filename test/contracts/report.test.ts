import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Report } from "../../src/core/report.ts";

const root = path.resolve(import.meta.dirname, "../..");
const job = {
  job_id: "5f0c2c44-6d5c-4a39-9f0e-0d5e0f7b8a11",
  job_type: "health_check",
  operation_id: "0b0c9a52-5d0a-4a86-9d5c-6a8f6f4a3f5e",
  target_environment: "production",
  target_host: "web-1",
  target_root: "/srv/www/acme",
  target_url: "https://acme.example",
  target_database: "acme",
  target_prefix: "wp_",
  health_checks: [{ kind: "page", path: "/", status: 200, within_s: 1 }],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "belay-contract-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a real playbook by hand, as docs/hosts.md does, and gives back the report that it wrote. */
async function reportOf(input: Readonly<Record<string, unknown>>): Promise<unknown> {
  const file = (name: string) => path.join(folder, name);
  await writeFile(
    file("inventory.yml"),
    "all: {hosts: {web-1: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n",
  );
  await writeFile(file("job.json"), JSON.stringify({ ...input, report_path: file("report.json") }));
  await execa(
    "ansible-playbook",
    ["-i", file("inventory.yml"), "playbooks/health-check.yml", "-e", `@${file("job.json")}`],
    {
      cwd: path.join(root, "ansible"),
      env: { LC_ALL: "C.UTF-8", ANSIBLE_LOCAL_TEMP: file("tmp") },
      reject: false,
    },
  );
  return JSON.parse(await readFile(file("report.json"), "utf8"));
}

test.each([
  ["a host that cannot be reached", job, "ANSIBLE_HOST_UNREACHABLE"],
  ["an input that lacks something", { ...job, target_url: undefined }, "INPUT_INVALID"],
])("%s: what Ansible writes is what the bot reads, and what the schema says", async (_what, input, code) => {
  const schema = JSON.parse(await readFile(path.join(root, "contracts/report.schema.json"), "utf8"));
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const report = await reportOf(input);
  expect(ajv.validate(schema, report), JSON.stringify(ajv.errors)).toBe(true);
  expect(Report.parse(report)).toMatchObject({ status: "failed", error_code: code, job_id: job.job_id });
});
