/**
 * The report that every playbook writes, also on failure, and the words of the runner protocol.
 * contracts/report.schema.json is generated from here (`npm run build`) and compared in the contract tests.
 */
import { z } from "zod";
import { JobType } from "./vocabulary.ts";

export const ReportStep = z.object({
  name: z.string(),
  status: z.enum(["ok", "failed", "skipped", "unreachable"]),
  seconds: z.number().nonnegative(),
});
export type ReportStep = z.infer<typeof ReportStep>;

export const Report = z.object({
  schema: z.literal(1),
  job_id: z.uuid(),
  job_type: JobType,
  operation_id: z.uuid(),
  status: z.enum(["succeeded", "failed", "cancelled"]),
  error_code: z.string().optional(),
  error_message: z.string().optional(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime(),
  steps: z.array(ReportStep),
  /** By job type: see facts.ts. Partial on failure. */
  facts: z.record(z.string(), z.unknown()),
});
export type Report = z.infer<typeof Report>;

/** `POST /api/jobs/{id}/claim`: what the runner receives for a job that it may do now. */
export const Claim = z.object({
  job_id: z.uuid(),
  job_type: JobType,
  operation_id: z.uuid(),
  timeout_s: z.number().int(),
  input: z.record(z.string(), z.unknown()),
});
export type Claim = z.infer<typeof Claim>;

/** One line of the playbook's output, and one element of `POST /api/jobs/{id}/events`. */
export const JobEvent = z.object({
  at: z.iso.datetime(),
  event: z.enum(["step_started", "step_finished", "note"]),
  step: z.string(),
  status: z.enum(["ok", "failed", "skipped", "unreachable"]).optional(),
  seconds: z.number().optional(),
  message: z.string().optional(),
});
export type JobEvent = z.infer<typeof JobEvent>;

/** Answer to events: whether a person asked to stop; a job stops at its next safe point. */
export const EventsAnswer = z.object({ cancel: z.boolean() });
export type EventsAnswer = z.infer<typeof EventsAnswer>;

/** Answer to a report: the next job of the same run, or none; `message` is a sentence for the run's log. */
export const ReportAnswer = z.object({
  next_job_id: z.uuid().nullable(),
  /** What the run as a whole should end as, when there is no next job. */
  result: z.enum(["succeeded", "blocked", "failed", "rolled_back", "cancelled", "unknown"]).nullable(),
  message: z.string(),
});
export type ReportAnswer = z.infer<typeof ReportAnswer>;
