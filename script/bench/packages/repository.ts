/** The measurement's repository: made once, kept outside of the project, and checked out. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { packageId, sampleFiles, versionAt } from "./sample.ts";

/** Raise it when the sample changes. */
const SAMPLE = 2;

export interface BenchRepository {
  readonly folder: string;
  /** A commit with every package, and one more in which five packages have a new version. */
  readonly base: string;
  readonly head: string;
}

export async function benchRepository(
  cache: string,
  size: { readonly packages: number; readonly versions: number },
): Promise<BenchRepository> {
  const folder = path.join(cache, `packages-${SAMPLE}-${size.packages}-${size.versions}`);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    await fill(making, size);
    await rename(making, folder);
  }
  const commit = (name: string) =>
    execFileSync("git", ["-C", folder, "rev-parse", name], { encoding: "utf8" }).trim();
  return { folder, base: commit("base"), head: commit("head") };
}

async function fill(
  folder: string,
  size: { readonly packages: number; readonly versions: number },
): Promise<void> {
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
  git("init", "--quiet", "--initial-branch", "head");
  const importer = spawn("git", ["-C", folder, "fast-import", "--quiet"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const write = async (text: string) => {
    if (!importer.stdin.write(text)) await once(importer.stdin, "drain");
  };
  const author = "committer Bench <bench@example.com> 1700000000 +0000";
  await write(`commit refs/heads/base\n${author}\ndata 5\nbase\n\n`);
  await write(fileCommand(".github/belay-packages.yml", CONFIGURATION));
  for (const [file, text] of sampleFiles(size)) await write(fileCommand(file, text));
  await write(`\ncommit refs/heads/head\n${author}\ndata 5\nhead\n\nfrom refs/heads/base\n`);
  for (const [file, text] of newReleases(size)) await write(fileCommand(file, text));
  importer.stdin.end();
  await once(importer, "close");
  git("reset", "--quiet", "--hard", "head");
  await writeFile(path.join(folder, ".git", "info", "exclude"), "");
}

/** A guardrail, so that prompts are searched as well. */
const CONFIGURATION = `version: 1
guardrails:
  - {id: no-score, pattern: "\\\\bconfidence scores?\\\\b", ignore_case: true, files: ["prompts/*"], sentence: Scores are forbidden., remedy: Remove it.}
`;

const fileCommand = (file: string, text: string): string =>
  `M 100644 inline ${file}\ndata ${Buffer.byteLength(text)}\n${text}\n`;

/** The next version of five packages, spread over the repository. */
function newReleases({ packages, versions }: { readonly packages: number; readonly versions: number }) {
  const chosen = new Set(
    Array.from({ length: 5 }, (_, at) => packageId(Math.floor(((at + 0.5) * packages) / 5))),
  );
  const folder = `/releases/${versionAt(versions)}/`;
  return [...sampleFiles({ packages, versions: versions + 1 })].filter(
    ([file]) => file.includes(folder) && chosen.has(file.split("/")[1] ?? ""),
  );
}
