/** The private folder of a run, and what ssh is told. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareWorkplace, sharesConnections } from "../../../src/action/ssh.ts";

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "belay-ssh-"));
  for (const name of ["inventory.yml", "known_hosts"]) writeFileSync(join(base, name), "");
});
afterAll(() => rmSync(base, { recursive: true }));

const access = (sshKey: string) => ({
  inventory: join(base, "inventory.yml"),
  knownHosts: join(base, "known_hosts"),
  sshKey,
  resticRepository: "",
  resticPassword: "",
  purgeKeys: "CDN=secret",
});

test("the key is a file of its own, for this run only", async () => {
  const workplace = await prepareWorkplace(access("a key\r\n"), base);
  const key = join(workplace.folder, "ssh-key");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(workplace.environment.ANSIBLE_SSH_ARGS).toContain(
    `-o 'IdentityFile="${key}"' -o IdentitiesOnly=yes`,
  );
  expect(workplace.environment.ANSIBLE_SSH_ARGS).toContain("StrictHostKeyChecking=yes");
  // A line that is cut is noticed.
  expect(workplace.environment.ANSIBLE_SSH_ARGS).toContain("-o ServerAliveInterval=15 ");
  await workplace.remove();
  expect(() => statSync(workplace.folder)).toThrow();
});

test("connections are shared only where the path of a socket has room", async () => {
  expect(sharesConnections(`/${"a".repeat(74)}`)).toBe(true);
  expect(sharesConnections(`/${"a".repeat(75)}`)).toBe(false);
  const deep = join(base, "d".repeat(80));
  mkdirSync(deep);
  const workplace = await prepareWorkplace(access(""), deep);
  expect(workplace.environment.ANSIBLE_SSH_ARGS).not.toContain("Control");
  await workplace.remove();
});

test("a file that is not on the default branch is named, with what it is for", async () => {
  await expect(
    prepareWorkplace({ ...access(""), knownHosts: join(base, "none") }, base),
  ).rejects.toMatchObject({
    code: "KNOWN_HOSTS_MISSING",
    message: expect.stringContaining("the pinned host keys must stand on the default branch"),
  });
});
