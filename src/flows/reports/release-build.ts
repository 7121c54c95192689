/** A release was built (or found built already): keep it, and judge whether it is of this commit. */
import type { ReleaseRow } from "../../ports/findings.ts";
import { change } from "../work.ts";
import { concludeJudged } from "./judged.ts";
import type { Conclusion, Judged } from "./reported.ts";

export async function releaseBuilt(reported: Judged<"release_build">): Promise<Conclusion> {
  const { work, facts } = reported;
  const { digest, bytes, manifest } = facts.release;
  const known = await work.tx.releaseByDigest(work.site.id, digest);
  const release: ReleaseRow = known ?? {
    id: work.clock.id(),
    site_id: work.site.id,
    environment_id: work.source.id,
    operation_id: work.operation.id,
    digest,
    status: "staged",
    bytes,
    manifest,
    created_at: work.now,
  };
  if (known === null) await work.tx.putRelease(release);
  return concludeJudged(await change(work, { release_id: release.id }), reported.given);
}
