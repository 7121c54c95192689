/** The runner's side of the protocol: claim, events, report; and what a run that was started by hand asks for. Each request is proven by the OIDC token of its run. */
import { z } from "zod";
import { isOver } from "../core/promotion.ts";
import { JobEvent, Report } from "../core/report.ts";
import { claimJob } from "../flows/claim-job.ts";
import type { Deps } from "../flows/deps.ts";
import { jobEvents } from "../flows/job-events.ts";
import { jobReport } from "../flows/job-report.ts";
import { manualRun } from "../flows/manual-run.ts";
import { ApiError, notFound, refusal } from "./errors.ts";
import type { VerifyRunner } from "./oidc.ts";
import { idOf, parseBody } from "./query.ts";
import type { ApiRequest, Route } from "./router.ts";

const MANUAL_LIMIT = 4 * 1024;
const EVENTS_LIMIT = 1024 * 1024;
/** A report holds fingerprints: row hashes of every table below the row limit. */
const REPORT_LIMIT = 64 * 1024 * 1024;
const Manual = z.strictObject({ environment: z.string().min(1).max(255) });
const Events = z.object({ events: z.array(JobEvent).max(1000) });

export interface RunnerDeps {
  readonly deps: Deps;
  readonly verifyRunner: VerifyRunner;
}

export function runnerRoutes({ deps, verifyRunner }: RunnerDeps): readonly Route[] {
  const proven = async (request: ApiRequest) => {
    const runner = await verifyRunner(request.token);
    return { job_id: idOf(request, "job"), runner };
  };
  const post = (path: string, handle: Route["handle"]): Route => ({ method: "POST", path, handle });
  return [
    post("/api/runs", async (request) => {
      const runner = await verifyRunner(request.token);
      const { environment } = await parseBody(Manual, request, MANUAL_LIMIT);
      const outcome = await manualRun(deps, { runner, environment });
      if (outcome.kind === "refused") throw refusal(outcome);
      return { status: 202, body: { job_id: outcome.job_id } };
    }),
    post("/api/jobs/{id}/claim", async (request) => {
      const input = await proven(request);
      await onlyAfterTheDispatch(deps, input);
      const outcome = await claimJob(deps, input);
      if (outcome.kind === "refused") throw refusal(outcome);
      return { status: 200, body: outcome.claim };
    }),
    post("/api/jobs/{id}/events", async (request) => {
      const input = await proven(request);
      const { events } = await parseBody(Events, request, EVENTS_LIMIT);
      const outcome = await jobEvents(deps, { ...input, events });
      if (outcome.kind === "refused") throw refusal(outcome);
      return { status: 200, body: { cancel: outcome.cancel } };
    }),
    post("/api/jobs/{id}/report", async (request) => {
      const input = await proven(request);
      const report = await parseBody(Report, request, REPORT_LIMIT);
      const outcome = await jobReport(deps, { ...input, report });
      if (outcome.kind === "refused") throw refusal(outcome);
      return { status: 200, body: outcome.answer };
    }),
  ];
}

/**
 * A run may start before GitHub's answer to the dispatch is on record: until then nobody can say whether it is the one. So it is with the
 * run of a recovery, too: its operation has ended once, in doubt, and is not over.
 */
async function onlyAfterTheDispatch({ store }: Deps, { job_id }: { readonly job_id: string }): Promise<void> {
  const found = await store.transaction(async (tx) => {
    const job = await tx.job(job_id);
    const operation = job && (await tx.operation(job.operation_id));
    return operation && { job, operation };
  });
  if (found === null) throw notFound("job");
  const { job, operation } = found;
  // What was claimed before stays with the run that claimed it.
  if (job.state === "queued" && operation.run_id === null && !isOver(operation.state)) {
    throw new ApiError(
      503,
      "run_not_recorded",
      "GitHub has not told Belay yet which run this is; try again.",
    );
  }
}
