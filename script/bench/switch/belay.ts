/** Belay's switches: series of promotions and rollbacks on the host, and whole promotions as the action runs them, over ssh. */
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { mustSucceed } from "../../faults/host/jobs.ts";
import type { Release, World } from "./world.ts";

const Switch = z.object({
  way: z.enum(["forth", "back"]),
  began_s: z.number(),
  /** Step -> when it began and ended, in seconds of the monotonic clock. */
  steps: z.record(z.string(), z.tuple([z.number(), z.number()])),
  hold_ms: z.number(),
  rename_ms: z.number(),
  attempts: z.number(),
  merged_rows: z.number(),
});
export type Switch = z.infer<typeof Switch>;

/** Promotes and goes back `rounds` times: two switches a round. */
export async function series({ lab }: World, release: Release, rounds: number): Promise<readonly Switch[]> {
  const archive = path.join(lab.staging.root, ".belay/outgoing", `${release.name}.tar.zst`);
  const input = JSON.stringify({
    ...{ promotion: release.promotion(), rollback: release.rollback(), archive, rounds },
  });
  const { stdout } = await execa("/usr/bin/python3", [path.join(import.meta.dirname, "host.py")], {
    input,
    // By this the laboratory's end finds what still runs.
    env: { BELAY_LABORATORY: lab.folder, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return stdout.split("\n").map((line) => Switch.parse(JSON.parse(line)));
}

/** The whole of env_promote, from the start of the action to its end, and then the way back. @returns seconds of the first */
export async function wholePromotion({ lab }: World, release: Release): Promise<number> {
  const began = performance.now();
  await mustSucceed(lab, release.promotion());
  const seconds = (performance.now() - began) / 1000;
  await mustSucceed(lab, release.rollback());
  return seconds;
}
