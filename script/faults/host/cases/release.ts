/** What is brought to the host is not what was built, or is brought twice. */
import { open, rm } from "node:fs/promises";
import path from "node:path";
import type { Case, Fault } from "../fault.ts";
import { type JobFile, startJob } from "../jobs.ts";
import type { World } from "../world.ts";

/** The reason is part of it: a promotion that fails for another one has not met the fault. */
function refusedFor(codes: readonly string[]): NonNullable<Fault["says"]> {
  return ({ report }) =>
    codes.includes(report?.error_code ?? "")
      ? undefined
      : `the reason is ${report?.error_code}, not ${codes.join(" or ")}`;
}

/** One bit of the release's file on the source is another one. */
const corrupted: Fault = {
  kind: "corrupted-release",
  recovery: "recover",
  must: "old",
  before: async (world) => {
    await forgetUnpacked(world);
    const archive = path.join(world.lab.staging.root, ".belay/outgoing", `${world.new}.tar.zst`);
    await flip(archive);
    return () => flip(archive);
  },
  says: refusedFor(["ARCHIVE_BROKEN", "RELEASE_DIGEST_MISMATCH"]),
};

async function flip(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const place = Math.floor((await handle.stat()).size / 2);
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, place);
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, place);
  } finally {
    await handle.close();
  }
}

async function forgetUnpacked({ site, new: release }: World): Promise<void> {
  await rm(path.join(site.root, ".belay/incoming", release), { recursive: true, force: true });
}

const wrongDigest: Fault = {
  kind: "wrong-digest",
  recovery: "recover",
  must: "old",
  change: (job) => ({ ...job, release_digest: "5".repeat(64) }),
  says: refusedFor(["TRANSFER_MISSING"]),
};

/** Two runs at the same moment: whatever becomes of each, neither may lie, and neither may spoil the other's end. */
const together = (kind: string, other: (world: World, job: JobFile) => JobFile): Fault => ({
  kind,
  recovery: "recover",
  says: ({ report, other }) =>
    report?.status === "succeeded" || other?.status === "succeeded"
      ? undefined
      : `neither of the two succeeded: ${report?.error_code}, ${other?.error_code}`,
  start: async (world, job) => {
    const jobs = [job, other(world, job)];
    const [one, two] = await Promise.all(jobs.map((each) => startJob(world.lab, each)));
    if (one === undefined || two === undefined) throw new Error("The two runs were not started.");
    const ended = Promise.all([one.ended, two.ended]);
    return { pid: one.pid, ended: ended.then(([first, second]) => ({ ...first, other: second.report })) };
  },
});
const twice = together("same-promotion-twice", (_, job) => job);
const two = together("two-promotions-at-once", (world) => world.promotion());

export const RELEASE: readonly Case[] = [corrupted, wrongDigest, twice, two].map((fault) => ({
  name: fault.kind,
  step: "",
  fault,
}));
