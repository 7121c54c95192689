/**
 * How long the action takes for the validation of a large repository of configuration packages takes, of all of it and of one pull request, and how much memory
 * it needs. Each is measured three times in a process of its own, from its start on, and the middle one counts.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { describeMachine, observeLoad } from "../frame/machine.ts";
import { roundsOrEnd } from "../frame/only-rounds.ts";
import { printResult, say } from "../frame/output.ts";
import { benchRepository } from "./repository.ts";

const GOALS = { full_s: 10, pull_request_s: 1, peak_rss_mb: 400 };
const ACTION = fileURLToPath(new URL("../../../dist/index.js", import.meta.url));
/** The action runs as it ships; when it ends it tells how much memory it took at most. */
const TELLS_MEMORY = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => console.error("peak_rss_kb=" + process.resourceUsage().maxRSS));',
)}`;
const Told = z.object({ errors: z.number(), checked: z.object({ releases: z.number() }) });

const rounds = roundsOrEnd({ name: "packages", fallback: 3 });
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
  rounds,
  size,
  load,
  machine: describeMachine(),
});

/** The middle one of the rounds; an empty base judges everything. */
function measure(base: string) {
  const measured = Array.from({ length: rounds }, () => once(base)).sort((a, b) => a.seconds - b.seconds);
  const middle = measured[Math.floor(rounds / 2)];
  if (middle === undefined) throw new Error("no round was measured");
  return { ...middle, peak_rss_mb: Math.max(...measured.map((round) => round.peak_rss_mb)) };
}

/** One process, with the inputs that the action would have. */
function once(base: string) {
  const file = path.join(cache, `report-${process.pid}.json`);
  const inputs = { INPUT_COMMAND: "validate", INPUT_BASE: base, "INPUT_REPORT-FILE": file };
  const env = { PATH: process.env.PATH ?? "", GITHUB_WORKSPACE: repository.folder, ...inputs };
  const started = performance.now();
  const { stderr } = spawnSync(process.execPath, ["--import", TELLS_MEMORY, ACTION], {
    env,
    encoding: "utf8",
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const { errors, checked } = Told.parse(JSON.parse(readFileSync(file, "utf8")));
  rmSync(file);
  if (errors > 0)
    throw new Error(`the sample is meant to be right, and the validation found ${errors} errors in it`);
  const peak_rss_mb = Math.round(Number(/peak_rss_kb=(\d+)/.exec(stderr)?.[1]) / 1024);
  say(
    `${base === "" ? "everything" : "one pull request"}: ${seconds} s, ${checked.releases} releases, ${peak_rss_mb} MB`,
  );
  return { seconds, peak_rss_mb, releases: checked.releases };
}
