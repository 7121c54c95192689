/** The order of things: data sets first, then every size by itself, size 1 beside the rivals. */
import { availableMemory, diskReadBytes, type Load, observeLoad } from "../frame/machine.ts";
import { say } from "../frame/output.ts";
import { rounded } from "../frame/rounds.ts";
import { baselineSize, localise } from "./baseline.ts";
import { type Bench, peakMemory } from "./bench.ts";
import { type Dataset, ensureDataset, type Place, poolBytes, shapeOf } from "./dataset.ts";
import { compareCold, compareFiles, fileCost, warmFiles } from "./files.ts";
import { judge } from "./goals.ts";
import type { Options } from "./options.ts";
import { startDatabase } from "./server.ts";
import { compareTables, tableCost, warmTables } from "./tables.ts";
import { blockBehindAlter, blockWriters } from "./writers.ts";

type Around = Pick<Place, "run" | "guard">;
type Headline = Awaited<ReturnType<typeof headline>>;
type Cost = Awaited<ReturnType<typeof cost>>;

/** Rounds at the other sizes, whose figures are for the trend. */
const FEW = 3;

const CACHES = {
  "db_s, pt_s, checksum_table_s, dump_s, scan_s, localise_s": "rows in the buffer pool",
  "files_first_s, b3sum_s, rsync_s": "files in the page cache; Belay's own cache of digests is not used",
  files_repeat_s: "files' metadata in the kernel's caches; Belay's own cache of digests is used",
  "files_cold_s, read_cold_s": "the kernel's caches are emptied before each run",
};

/** The result, but for machine and versions. */
export async function measureAll(options: Options, around: Around) {
  const { datasets, leftOut } = await prepare(options, around);
  const before = await observeLoad();
  say(
    before.quiet
      ? "the machine is quiet"
      : `others use ${percent(before.busy)} of the machine: only ratios count`,
  );
  let first: Headline | undefined;
  const table: Cost[] = [];
  for (const dataset of datasets) {
    const bench = { dataset, workers: options.workers, guard: around.guard };
    if (dataset.size === 1) {
      first = await headline({ ...bench, rounds: options.rounds }, around);
      table.push(first.cost);
    } else table.push(await cost({ ...bench, rounds: Math.min(FEW, options.rounds) }, around));
  }
  if (first === undefined) throw new Error(`Size 1 could not be measured: ${leftOut.join("; ")}.`);
  return conclude({ before, first, table, leftOut });
}

async function prepare(options: Options, around: Around) {
  const datasets: Dataset[] = [];
  const leftOut: string[] = [];
  for (const size of options.sizes) {
    const built = await ensureDataset(shapeOf(size), {
      ...around,
      cache: options.cache,
      fresh: options.fresh,
    });
    if (typeof built !== "string" && fits(built)) datasets.push(built);
    else
      leftOut.push(
        typeof built === "string" ? built : `size ${size} needs more memory than is free to be measured warm`,
      );
  }
  for (const sentence of leftOut) say(`left out: ${sentence}`);
  return { datasets, leftOut };
}

/** Rows and files are measured one after the other, and each has to lie in memory while it is. */
const fits = (dataset: Dataset): boolean =>
  Math.max(poolBytes(dataset), dataset.bytes) * 1.1 < availableMemory();

type Measured = Omit<Bench, "socket" | "serverPid">;

/** Every figure of size 1. */
async function headline(measured: Measured, around: Around) {
  const withServer = await serving(measured, around, async (bench) => {
    say("size 1: tables, beside pt-table-checksum, CHECKSUM TABLE and mariadb-dump");
    const tables = await compareTables(bench);
    say("size 1: writers while a check runs");
    const writers = await blockWriters(bench);
    say("size 1: writers while a table is altered and checked");
    return { tables, ...writers, ...(await blockBehindAlter(bench)), ...(await shared(bench)) };
  });
  const bench = { ...measured, ...NO_SERVER };
  say("size 1: files, beside b3sum and rsync");
  const warm = await onlyFiles(bench, compareFiles);
  say("size 1: files, with cold caches");
  const cold = await compareCold(bench);
  const { tables, ...rest } = withServer;
  const times = { ...tables.medians, ...warm.found.medians };
  return {
    cost: row(measured, { ...times, ...rest, files_read_from_disk_mb: warm.readMb }),
    figures: {
      ...times,
      ...rest,
      cpu_s: { ...tables.cpu, ...warm.found.cpu },
      cold,
      runs: { ...tables.runs, ...warm.found.runs },
    },
  };
}

/** What a size costs, without rivals. */
async function cost(measured: Measured, around: Around) {
  const { size } = measured.dataset;
  const tables = await serving(measured, around, async (bench) => {
    say(`size ${size}: tables`);
    return { ...(await tableCost(bench)), ...(await shared(bench)) };
  });
  say(`size ${size}: files`);
  const files = await onlyFiles({ ...measured, ...NO_SERVER }, fileCost);
  return row(measured, { ...tables, ...files.found, files_read_from_disk_mb: files.readMb });
}

/** No server runs while files are measured: their bytes need the memory. */
const NO_SERVER = { socket: "/nonexistent", serverPid: 0 };

async function shared(bench: Bench) {
  say(`size ${bench.dataset.size}: baseline, three changed rows, memory`);
  const size = await baselineSize(bench);
  return { ...size, ...(await localise(bench)), peak_rss_mb: await peakMemory(bench, "baseline") };
}

async function onlyFiles<T>(bench: Bench, measure: (bench: Bench) => Promise<T>) {
  await warmFiles(bench);
  const before = diskReadBytes();
  const found = await measure(bench);
  return { found, readMb: rounded((diskReadBytes() - before) / 1e6) };
}

async function serving<T>(
  measured: Measured,
  around: Around,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const { dataset } = measured;
  const server = await startDatabase({ data: dataset.database, ...around, pool: poolBytes(dataset) });
  try {
    const bench = { ...measured, socket: server.socket, serverPid: server.pid };
    await warmTables(bench);
    return await work(bench);
  } finally {
    await server.stop();
  }
}

type Row = {
  readonly db_s: number;
  readonly scan_s: number;
  readonly files_first_s: number;
  readonly files_repeat_s: number;
  readonly files_stat_s: number;
  readonly localise_s: number;
  readonly baseline_mb: number;
  readonly peak_rss_mb: number;
  readonly files_read_from_disk_mb: number;
};

/** A line of the table of cost by size. */
function row({ dataset }: Measured, found: Row) {
  const { size, posts, postmeta, files, bytes } = dataset;
  const { db_s, scan_s, files_first_s, files_repeat_s, files_stat_s, localise_s } = found;
  const { baseline_mb, peak_rss_mb, files_read_from_disk_mb } = found;
  const times = { db_s, scan_s, files_first_s, files_repeat_s, files_stat_s, localise_s };
  const data = { size, posts, postmeta, files, files_mb: bytes / 1e6 };
  return { ...data, ...times, baseline_mb, peak_rss_mb, files_read_from_disk_mb };
}

type Conclusion = {
  readonly before: Load;
  readonly first: Headline;
  readonly table: readonly Cost[];
  readonly leftOut: readonly string[];
};

async function conclude({ before, first, table, leftOut }: Conclusion) {
  const { cold, runs, ...figures } = first.figures;
  const bytes = shapeOf(1).bytes;
  const ratios = {
    db_vs_pt: rounded(figures.db_s / figures.pt_s),
    files_first_mb_s: rounded(bytes / 1e6 / figures.files_first_s),
    files_cold_vs_disk: cold.files_cold_vs_disk,
  };
  const peaks = table.map((line) => line.peak_rss_mb);
  return {
    quiet: before.quiet,
    load: { before, after: await observeLoad() },
    ...figures,
    ...ratios,
    cold,
    caches: CACHES,
    cost_by_size: table,
    left_out: leftOut,
    goals: judge({ ...figures, ...ratios, peak_rss_mb: peaks }),
    runs,
  };
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
