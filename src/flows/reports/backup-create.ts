/** A backup is taken, restored into a scratch schema and compared: only then it is completed. */
import { notAfter } from "../../core/duration.ts";
import { move } from "../work.ts";
import { concludeJudged } from "./judged.ts";
import type { Conclusion, Judged } from "./reported.ts";

export async function backupCreated(reported: Judged<"backup_create">): Promise<Conclusion> {
  const { work, job, facts } = reported;
  const { snapshot, scope, taken_at, bytes, verified } = facts.backup;
  const backups = await work.tx.backupsOf(job.environment_id);
  const open = backups.find((row) => row.operation_id === work.operation.id);
  if (open === undefined) throw new Error("The backup has no row: its job was never claimed.");
  const done = { state: "completed", snapshot, scope, bytes, proof: verified } as const;
  await work.tx.putBackup({ ...open, ...done, taken_at: notAfter(taken_at, work.now) });
  if (work.operation.kind === "refresh") return { kind: "go_on", work: await move(work, "passed") };
  return concludeJudged(work, reported.given);
}
