/** One case from beginning to end. */
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Report } from "../../../src/core/report.ts";
import { observe } from "../../../test/lab/comparison.ts";
import { OWNER } from "../../../test/lab/site.ts";
import { PROJECT } from "../../../test/stage/host.ts";
import { protectedChanges, recoveryTells, serves, tells, type Version } from "./check.ts";
import type { Case, Fault, Mend } from "./fault.ts";
import { type JobFile, type Running, startJob } from "./jobs.ts";
import { leftovers } from "./leftovers.ts";
import { reach } from "./moments.ts";
import { failed, type Row, seconds } from "./row.ts";
import { activeIn, stepsOf, type World } from "./world.ts";
import { letWritersIn, type Written } from "./writers.ts";

/** Deadlines for waiting, not for measuring: a busy machine may need most of them. */
const ENDS_WITHIN_MS = 600_000;
const WATCHDOG_WITHIN_MS = 300_000;

export async function runCase(world: World, one: Case): Promise<Row> {
  const started = performance.now();
  const before = await observe(world.lab.database.socket, world.site);
  const writers = letWritersIn(world.site, world.lab.posts);
  const job = (await one.fault.change?.(world.promotion(), world)) ?? world.promotion();
  const done = await play(world, one, job).catch((error: unknown) => ({ error: String(error) }));
  const written = await writers.stop();
  if ("error" in done) return failed(one, done.error, started);
  const { version, complaints } = await serves(world);
  const changed = await protectedChanges(world, before, written);
  const all = [
    ...complaints,
    ...changed,
    ...tells(done.report, version),
    ...tells(done.other, version),
    ...(done.last === undefined ? [] : recoveryTells(done.last, world, version)),
    ...(await leftovers(world)),
    ...demands(one.fault, version, written),
    ...done.complaints,
  ];
  return {
    name: one.name,
    survived: all.length === 0,
    struck_at: done.struckAt,
    ended: version,
    reports: [done.first, ...(done.other === undefined ? [] : [done.other])].map((report) =>
      [report?.status ?? "none", report?.error_code].filter(Boolean).join(" "),
    ),
    recovery: one.fault.recovery,
    recovery_s: seconds(done.recoveryMs),
    mixed: written.mixed.length,
    failed_requests: written.failures.length,
    acknowledged: written.comments.length + written.uploads.length,
    longest_request_ms: written.longest_ms,
    protected_changed: changed.length,
    complaints: all,
    seconds: seconds(performance.now() - started),
  };
}

type Played = {
  readonly struckAt: string | null;
  readonly first: Report | undefined;
  /** The promotion's last word, and the recovery's. */
  readonly report: Report | undefined;
  readonly other: Report | undefined;
  readonly last: Report | undefined;
  readonly recoveryMs: number;
  readonly complaints: readonly string[];
};

async function play(world: World, { fault, step }: Case, job: JobFile): Promise<Played> {
  const mends: Mend[] = [];
  if (fault.before !== undefined) mends.push(await fault.before(world));
  if (!["", ...BEFORE_ARRIVAL].includes(step)) await bringAhead(world, job);
  const running = await (fault.start ?? ((_, given) => startJob(world.lab, given)))(world, job);
  const struckAt = step === "" ? null : await strike({ world, fault, step, job, running }, mends);
  const ended = await within(running.ended, ENDS_WITHIN_MS, "the promotion");
  for (const mend of mends.reverse()) await mend();
  const began = performance.now();
  const { report, last } = await recover(world, fault, job);
  const complaint = fault.says?.(ended);
  return {
    struckAt,
    first: ended.report,
    report: report ?? ended.report,
    other: ended.other,
    last,
    recoveryMs: performance.now() - began,
    complaints: [
      ...(complaint === undefined ? [] : [complaint]),
      ...((await fault.shows?.(world, job)) ?? []),
      ...(step !== "" && struckAt === null ? [`the step ${step} never came`] : []),
    ],
  };
}

/** Steps that come before, or with, the release's arrival on the host: there it is brought as ever. */
const BEFORE_ARRIVAL = ["checked", "unpack"];

/** What an earlier attempt has brought is not brought again; the cases that strike later are quicker for it. */
async function bringAhead({ lab, site }: World, job: JobFile): Promise<void> {
  const archive = `${String(job.release_digest).slice(0, 12)}.tar.zst`;
  const from = path.join(lab.staging.root, ".belay/outgoing", archive);
  if (!existsSync(from)) return;
  const owner = `--owner=${OWNER}`;
  const to = path.join(site.root, ".belay/incoming", archive);
  await execa("install", ["-m", "600", owner, `--group=${OWNER}`, from, to]);
}

type Target = {
  readonly world: World;
  readonly fault: Fault;
  readonly step: string;
  readonly job: JobFile;
  readonly running: Running;
};

async function strike(target: Target, mends: Mend[]): Promise<string | null> {
  const { world, fault, step, job, running } = target;
  const moment = await reach(world.site, job.operation_id, step, running.ended);
  if (moment === undefined) return null;
  const last = (await stepsOf(world.site, job.operation_id)).at(-1) ?? null;
  const mend = await fault.at?.({ world, job, running }, moment);
  moment.thaw();
  if (mend !== undefined) mends.push(mend);
  if (fault.after !== undefined) mends.push(await fault.after({ world, job, running }));
  return last;
}

/** What an operator does; the report of a repeated promotion, and the one of the recovery. */
async function recover(
  world: World,
  fault: Fault,
  job: JobFile,
): Promise<{ report?: Report; last?: Report }> {
  if (fault.recovery === "watchdog") {
    const armed = path.join(world.site.root, ".belay/watchdog", `${job.operation_id}.json`);
    for (const until = Date.now() + WATCHDOG_WITHIN_MS; existsSync(armed); await sleep(100))
      if (Date.now() > until) throw new Error("The watchdog did not go back.");
  }
  const again =
    fault.recovery === "rerun"
      ? (await within((await startJob(world.lab, job)).ended, ENDS_WITHIN_MS, "the rerun")).report
      : undefined;
  // Also after a repetition and after the watchdog: it must find nothing that is not settled.
  const how = { wait_s: 60, stop: fault.recovery === "recover" };
  const recovered = await within(
    (await startJob(world.lab, world.recovery(how))).ended,
    ENDS_WITHIN_MS,
    "the recovery",
  );
  return { ...(again && { report: again }), ...(recovered.report && { last: recovered.report }) };
}

function demands(fault: Fault, version: Version, written: Written): readonly string[] {
  return [
    ...(fault.must === undefined || fault.must === version
      ? []
      : [`the site must be ${fault.must}, it is ${version}`]),
    ...written.mixed.map((reason) => `a mixed page: ${reason}`),
    ...(fault.disturbs ? [] : written.failures.map((reason) => `a visitor's request failed: ${reason}`)),
    ...(written.comments.length + written.uploads.length === 0 ? ["nobody wrote anything"] : []),
  ];
}

async function putBack(world: World): Promise<void> {
  const job = world.rollback();
  const side = ["root", "url", "database", "prefix"].map((name) => [name, job[`target_${name}`]]);
  const input = JSON.stringify({ ...job, ...Object.fromEntries(side) });
  const program = path.join(import.meta.dirname, "put_back.py");
  await execa("/usr/bin/python3", [program, path.join(PROJECT, "ansible/module_utils")], { input });
}

/** Back to the old release, as it was before the case; false where that cannot be done. */
export async function reset(world: World): Promise<boolean> {
  try {
    await world.servers.mariadb.start();
    await world.servers.php.start();
    if (activeIn(world.site) !== world.old) await putBack(world);
    const { version, complaints } = await serves(world);
    return version === "old" && complaints.length === 0;
  } catch (error) {
    world.say(String(error));
    return false;
  }
}

async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const late = new AbortController();
  const timer = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} did not end within ${ms / 1000} s`);
  });
  timer.catch(() => undefined);
  return Promise.race([promise, timer]).finally(() => late.abort());
}
