/** The tables: Belay, and what else could tell whether rows changed. Everything is in the buffer pool. */
import { cpuOfEach } from "../frame/cpu.ts";
import { medians, takeTurns } from "../frame/rounds.ts";
import { type Bench, measureCommand, timed } from "./bench.ts";
import { ask, SCHEMA } from "./server.ts";

/** Reads both tables whole; also the least that a check of all rows can cost. */
const SCAN =
  "SELECT SUM(LENGTH(post_content)) FROM wp_posts; SELECT SUM(LENGTH(meta_value)) FROM wp_postmeta";

export const warmTables = (bench: Bench): Promise<string> =>
  // The other indexes too: the optimizer may count by them.
  ask(
    bench.socket,
    `${SCAN}; SELECT COUNT(post_parent) FROM wp_posts; SELECT COUNT(post_id) FROM wp_postmeta`,
  );

/** Medians in seconds, from the start of each program to its end. */
export async function compareTables(bench: Bench) {
  const contenders = { ...own(bench), ...rivals(bench) };
  const seconds = await takeTurns(contenders, bench.rounds);
  return { medians: medians(seconds), runs: seconds, cpu: await cpuOfEach(contenders, bench.serverPid) };
}

/** As `compareTables`, of Belay and the scan alone. */
export async function tableCost(bench: Bench) {
  return medians(await takeTurns(own(bench), bench.rounds));
}

const own = (bench: Bench) => ({
  db_s: () => timed(bench, measureCommand(bench, "tables")),
  scan_s: () => timed(bench, client(bench, SCAN)),
});

const rivals = (bench: Bench) => ({
  pt_s: () => timed(bench, ["pt-table-checksum", `S=${bench.socket},u=root`, ...PT]),
  checksum_table_s: () => timed(bench, client(bench, "CHECKSUM TABLE wp_posts, wp_postmeta, wp_options")),
  dump_s: () =>
    timed(bench, [
      "bash",
      "-c",
      `set -o pipefail; ${DUMP} --socket="$1" ${SCHEMA} | sha256sum`,
      "dump",
      bench.socket,
    ]),
});

const client = (bench: Bench, sql: string): [string, ...string[]] => {
  const options = ["--no-defaults", "--user=root", `--socket=${bench.socket}`, "--batch", SCHEMA];
  return ["mariadb", ...options, "-e", sql];
};

/** Its defaults, but for what a server without replicas needs. It writes its checksums to a table, as it always does. */
const PT = [
  `--databases=${SCHEMA}`,
  "--recursion-method=none",
  "--no-check-binlog-format",
  "--no-version-check",
  "--quiet",
];

const DUMP = "mariadb-dump --no-defaults --user=root --single-transaction --quick --hex-blob";
