/**
 * How long the validation of a large repository of configuration packages takes, of all of it and of one pull request, and how much memory
 * it needs. Each is measured in a process of its own, from its start on. The last line is JSON.
 */
import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { benchRepository } from "./repository.ts";

const GOALS = { full_s: 10, pull_request_s: 1, peak_rss_mb: 400 };
const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);

const cache =
  process.env.BELAY_BENCH_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "belay-bench");
const size = {
  packages: number("BELAY_BENCH_PACKAGES", 2_000),
  versions: number("BELAY_BENCH_VERSIONS", 10),
};

console.log(`Repository with ${size.packages} packages in ${size.versions} versions each, in ${cache}`);
const repository = await benchRepository(cache, size);
const full = measure("all");
const pull = measure("changed");
const figures = {
  full_s: full.seconds,
  pull_request_s: pull.seconds,
  peak_rss_mb: Math.max(full.peak_rss_mb, pull.peak_rss_mb),
};
const reached = Object.entries(GOALS).every(
  ([name, goal]) => (figures[name as keyof typeof GOALS] ?? Number.POSITIVE_INFINITY) <= goal,
);
console.log(
  JSON.stringify({ bench: "packages", ...figures, releases: full.releases, goals: GOALS, reached }),
);
process.exitCode = reached ? 0 : 1;

interface Measured {
  readonly seconds: number;
  readonly peak_rss_mb: number;
  readonly releases: number;
}

function measure(scope: "all" | "changed"): Measured {
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
  const started = performance.now();
  const { folder, base, head } = repository;
  const answer = execFileSync(process.execPath, [worker, folder, head, scope === "all" ? "" : base], {
    encoding: "utf8",
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const told: { releases: number; errors: number; peak_rss_mb: number } = JSON.parse(answer);
  console.log(
    `${scope}: ${seconds} s, ${told.releases} releases, ${told.errors} errors, ${told.peak_rss_mb} MB`,
  );
  if (told.errors > 0)
    throw new Error("the sample is meant to be right, and the validation found errors in it");
  return { seconds, ...told };
}
