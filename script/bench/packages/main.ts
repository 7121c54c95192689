/**
 * How long the validation of a large repository of configuration packages takes, of all of it and of one pull request, and how much memory
 * it needs. Each is measured three times in a process of its own, from its start on, and the middle one counts.
 */
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { describeMachine, observeLoad } from "../frame/machine.ts";
import { printResult, say } from "../frame/output.ts";
import { benchRepository } from "./repository.ts";

const GOALS = { full_s: 10, pull_request_s: 1, peak_rss_mb: 400 };
const ROUNDS = 3;
const Told = z.object({ releases: z.number(), errors: z.number(), peak_rss_mb: z.number() });

const environment = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const home = process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache");
const cache = process.env.BELAY_BENCH_CACHE ?? path.join(home, "belay-bench");
const size = {
  packages: environment("BELAY_BENCH_PACKAGES", 2_000),
  versions: environment("BELAY_BENCH_VERSIONS", 10),
};

await mkdir(cache, { recursive: true, mode: 0o700 });
say(`A repository of ${size.packages} packages with ${size.versions} versions each, in ${cache}`);
const repository = await benchRepository(cache, size);
const load = await observeLoad();
const full = measure("");
const pull = measure(repository.base);
const figures = {
  full_s: full.seconds,
  pull_request_s: pull.seconds,
  peak_rss_mb: Math.max(full.peak_rss_mb, pull.peak_rss_mb),
};
const reached =
  figures.full_s <= GOALS.full_s &&
  figures.pull_request_s <= GOALS.pull_request_s &&
  figures.peak_rss_mb <= GOALS.peak_rss_mb;
printResult({
  ...figures,
  goals: GOALS,
  reached,
  releases: full.releases,
  size,
  load,
  machine: describeMachine(),
});

/** The middle one of the rounds; an empty base judges everything. */
function measure(base: string) {
  const rounds = Array.from({ length: ROUNDS }, () => once(base)).sort((a, b) => a.seconds - b.seconds);
  const middle = rounds[Math.floor(ROUNDS / 2)];
  if (middle === undefined) throw new Error("no round was measured");
  return { ...middle, peak_rss_mb: Math.max(...rounds.map((round) => round.peak_rss_mb)) };
}

function once(base: string) {
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
  const started = performance.now();
  const answer = execFileSync(process.execPath, [worker, repository.folder, repository.head, base], {
    encoding: "utf8",
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const told = Told.parse(JSON.parse(answer));
  say(
    `${base === "" ? "everything" : "one pull request"}: ${seconds} s, ${told.releases} releases, ${told.peak_rss_mb} MB`,
  );
  if (told.errors > 0)
    throw new Error(`the sample is meant to be right, and the validation found ${told.errors} errors in it`);
  return { seconds, ...told };
}
