/** Check runs. An app sees all of them and changes only its own. */
import { z } from "zod";
import { type CheckChange, createCheck, newestChecks, updateCheck } from "../github/checks.ts";
import { forbidden, notFound, unprocessable } from "../github/errors.ts";
import type { CheckRun } from "../github/state.ts";
import { inBackground, resolveRef } from "../github/world.ts";
import { bodyAs, type Call, numberIn, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { checkRunView } from "../views/check.ts";

const Change = z.object({
  name: z.string().optional(),
  external_id: z.string().optional(),
  details_url: z.string().optional(),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  conclusion: z.string().optional(),
  completed_at: z.string().optional(),
  output: z
    .object({
      title: z.string().nullable().default(null),
      summary: z.string(),
      text: z.string().nullable().default(null),
      annotations: z.array(z.unknown()).default([]),
    })
    .optional(),
  actions: z
    .array(z.object({ label: z.string(), description: z.string(), identifier: z.string() }))
    .optional(),
});

/** Only what was sent: the rest of the run stays as it was. */
const changeOf = (sent: z.infer<typeof Change>): CheckChange => ({
  ...(sent.name !== undefined && { name: sent.name }),
  ...(sent.external_id !== undefined && { externalId: sent.external_id }),
  ...(sent.details_url !== undefined && { detailsUrl: sent.details_url }),
  ...(sent.status && { status: sent.status }),
  ...(sent.conclusion && { conclusion: sent.conclusion }),
  ...(sent.completed_at && { completedAt: sent.completed_at }),
  ...(sent.output && { output: sent.output }),
  ...(sent.actions && { actions: sent.actions }),
});

/** Apps make check runs; people's tokens and the workflow's own token are told so. */
const callingApp = (call: Call): number => {
  if (call.actor.kind !== "token" || call.actor.token.kind !== "installation") throw forbidden();
  return call.world.state.apps[0]?.id ?? 0;
};

const demandConclusion = (sent: z.infer<typeof Change>): void => {
  if (sent.status === "completed" && !sent.conclusion)
    throw unprocessable('Invalid request. "conclusion" wasn\'t supplied.');
};

const create = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const app = callingApp(call);
  const sent = bodyAs(call, Change.extend({ name: z.string(), head_sha: z.string() }));
  demandConclusion(sent);
  if (!call.world.state.commits.has(sent.head_sha))
    throw unprocessable(`No commit found for SHA: ${sent.head_sha}`);
  const { made, told } = createCheck(
    call.world,
    { repository: repository.id, headSha: sent.head_sha, app, name: sent.name },
    changeOf(sent),
  );
  inBackground(call.world, told);
  return { status: 201, body: checkRunView(call.world, made) };
};

const checkIn = (call: Call): CheckRun => {
  const repository = repositoryIn(call);
  const found = call.world.state.checks.find(
    (one) => one.id === numberIn(call, "check_run_id") && one.repository === repository.id,
  );
  if (!found) throw notFound();
  return found;
};

const update = (call: Call): Reply => {
  const check = checkIn(call);
  if (check.app !== callingApp(call)) throw forbidden();
  const sent = bodyAs(call, Change);
  demandConclusion(sent);
  inBackground(call.world, updateCheck(call.world, check, changeOf(sent)));
  return { body: checkRunView(call.world, check) };
};

const listForRef = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world, query, params } = call;
  const sha = resolveRef(world, repository, params.ref ?? "")?.sha;
  if (!sha) throw unprocessable(`No commit found for SHA: ${params.ref}`);
  const [name, status, app] = [query.get("check_name"), query.get("status"), query.get("app_id")];
  const matching = world.state.checks.filter(
    (one) =>
      one.repository === repository.id &&
      one.headSha === sha &&
      (name === null || one.name === name) &&
      (status === null || one.status === status) &&
      (app === null || String(one.app) === app),
  );
  const shown = query.get("filter") === "all" ? matching : newestChecks(matching);
  return { list: shown.toReversed().map((one) => checkRunView(world, one)), key: "check_runs" };
};

export const checkRoutes: readonly Route[] = [
  route("POST /repos/{owner}/{repo}/check-runs", "checks:write", create),
  route("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read", (call) => ({
    body: checkRunView(call.world, checkIn(call)),
  })),
  route("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write", update),
  route("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read", listForRef),
];
