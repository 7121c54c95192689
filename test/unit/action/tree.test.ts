/** The files of a commit, read from a real repository: what git is asked for, and how often. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { wholeTreeAt } from "../../../src/action/packages/tree.ts";

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;

/** A repository with one commit, and a `git` in front of git that writes down what it is asked. */
function repositoryOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "belay-tree-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const repository = join(folder, "repository");
  const bin = join(folder, "bin");
  const log = join(folder, "asked");
  mkdirSync(repository);
  mkdirSync(bin);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(repository, name), text);
  const git = (...args: readonly string[]) => execFileSync("git", ["-C", repository, ...args]);
  git("init", "--quiet");
  git("add", ".");
  git("-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "--quiet", "-m", "Files");
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  writeFileSync(join(bin, "git"), `#!/bin/sh\necho "$@" >> '${log}'\nexec '${real}' "$@"\n`);
  chmodSync(join(bin, "git"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const batches = () => {
    const asked = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
    return asked.filter((line) => line.includes("--batch")).length;
  };
  return { repository, batches };
}

async function readAll(repository: string, order: "forwards" | "backwards" = "forwards") {
  const { entries, read } = await wholeTreeAt(repository, "HEAD");
  return Object.fromEntries(
    (order === "forwards" ? entries : entries.toReversed()).map((entry) => [
      entry.path,
      Buffer.from(read(entry) ?? []).toString("utf8"),
    ]),
  );
}

it("gives small contents at once", async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`file-${at}`, `content ${at}\n`]));
  const { repository, batches } = repositoryOf(files);
  expect(await readAll(repository)).toEqual(files);
  expect(batches()).toBe(1);
});

it("asks for the next contents while the first are read, and gives the right ones in any order", async () => {
  const name = (at: number) => `file-${String(at).padStart(4, "0")}`;
  const files = Object.fromEntries(Array.from({ length: 2_100 }, (_, at) => [name(at), `content ${at}\n`]));
  const { repository, batches } = repositoryOf(files);
  expect(await readAll(repository)).toEqual(files);
  expect(batches()).toBe(2);
  expect(await readAll(repository, "backwards")).toEqual(files);
});

it("asks once for contents that are too large together, and then reads each on its own", async () => {
  const large = (at: number) => `${at}\n${"x".repeat(4 * MIB)}`;
  const files = Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`file-${at}`, large(at)]));
  const { repository, batches } = repositoryOf(files);
  const read = await readAll(repository);
  expect(Object.keys(read)).toHaveLength(24);
  for (const [name, text] of Object.entries(files)) expect(read[name] === text).toBe(true);
  expect(batches()).toBe(1);
});
