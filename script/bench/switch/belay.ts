/** Belay's switches: series of promotions and rollbacks on the host, and whole promotions as the action runs them, over ssh. */
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { mustSucceed, startJob } from "../../faults/host/jobs.ts";
import type { Release, World } from "./world.ts";

const told = {
  way: z.enum(["forth", "back"]),
  began_s: z.number(),
  /** Step -> when it began and ended, in seconds of the monotonic clock. */
  steps: z.record(z.string(), z.tuple([z.number(), z.number()])),
};
const Switch = z.object({
  ...told,
  hold_ms: z.number(),
  /** The RENAME, and with it what else lies between old and new. */
  rename_ms: z.number(),
  crossing_ms: z.number(),
  attempts: z.number(),
  merged_rows: z.number(),
});
const GaveUp = z.object({ ...told, gave_up: z.string() });
export type Switch = z.infer<typeof Switch>;
/** `gaveUp`: what ended a series before its last switch, in the host's own words. */
export type Series = { readonly switches: readonly Switch[]; readonly gaveUp: string | null };

/** Promotes and goes back `rounds` times: two switches a round. */
export async function series({ lab }: World, release: Release, rounds: number): Promise<Series> {
  const archive = path.join(lab.staging.root, ".belay/outgoing", `${release.name}.tar.zst`);
  const input = JSON.stringify({
    ...{ promotion: release.promotion(), rollback: release.rollback(), archive, rounds },
  });
  const { stdout } = await execa("/usr/bin/python3", [path.join(import.meta.dirname, "host.py")], {
    input,
    // By this the laboratory's end finds what still runs.
    env: { BELAY_LABORATORY: lab.folder, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const lines = stdout.split("\n").map((line) => z.union([Switch, GaveUp]).parse(JSON.parse(line)));
  const switches = lines.flatMap((line) => ("gave_up" in line ? [] : [line]));
  const last = lines.at(-1);
  return { switches, gaveUp: last !== undefined && "gave_up" in last ? last.gave_up : null };
}

/** The whole of env_promote, from the start of the action to its end, and then the way back. @returns seconds of the first */
export async function wholePromotion({ lab }: World, release: Release): Promise<number> {
  const began = performance.now();
  await mustSucceed(lab, release.promotion());
  const seconds = (performance.now() - began) / 1000;
  await mustSucceed(lab, release.rollback());
  return seconds;
}

/** After a series that ended early: the site is on the old release again, if it can be. */
export async function goBack({ lab }: World, release: Release): Promise<void> {
  const { ended } = await startJob(lab, release.rollback());
  await ended;
}
