/** Workflow runs over the API. */
import { z } from "zod";
import { notFound, unprocessable } from "../github/errors.ts";
import type { Run } from "../github/state.ts";
import { loginOf } from "../http/auth.ts";
import { bodyAs, type Call, numberIn, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import type { Runs } from "../runner/runs.ts";
import { runView, workflowId } from "../views/run.ts";

const runIn = (call: Call): Run => {
  const repository = repositoryIn(call);
  const found = call.world.state.runs.find(
    (one) => one.id === numberIn(call, "run_id") && one.repository === repository.id,
  );
  if (!found) throw notFound();
  return found;
};

/** `created` is a date, a range (`2026-01-01..2026-02-01`) or a comparison (`>=2026-01-01`). */
const createdFilter = (text: string | null): ((run: Run) => boolean) => {
  if (text === null) return () => true;
  const [from, to] = text.split("..");
  const at = (run: Run): number => Date.parse(run.createdAt);
  if (to !== undefined) return (run) => at(run) >= Date.parse(from ?? "") && at(run) <= Date.parse(to);
  const [, sign = "", date = ""] = /^([<>]=?)?(.+)$/.exec(text) ?? [];
  const limit = Date.parse(date);
  if (sign === "") return (run) => run.createdAt.startsWith(date);
  return (run) =>
    (sign.startsWith(">") ? at(run) > limit : at(run) < limit) || (sign.endsWith("=") && at(run) === limit);
};

const list = (call: Call, workflow: string | undefined): Reply => {
  const repository = repositoryIn(call);
  const { query, world } = call;
  const [event, status, branch, actor, sha] = ["event", "status", "branch", "actor", "head_sha"].map((name) =>
    query.get(name),
  );
  const created = createdFilter(query.get("created"));
  const own = world.state.runs.filter(
    (run) =>
      run.repository === repository.id &&
      (workflow === undefined ||
        run.path.endsWith(`/${workflow}`) ||
        String(workflowId(run.path)) === workflow) &&
      (event ?? run.event) === run.event &&
      (status === null || status === run.status || status === run.conclusion) &&
      (branch === null || run.ref === `refs/heads/${branch}`) &&
      (actor ?? run.actor) === run.actor &&
      (sha ?? run.sha) === run.sha &&
      created(run),
  );
  return { list: own.toReversed().map((run) => runView(world, run)), key: "workflow_runs" };
};

const Order = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  return_run_details: z.boolean().default(false),
});

const dispatch = (call: Call, runs: Runs): Reply => {
  const repository = repositoryIn(call);
  const order = bodyAs(call, Order);
  const inputs = Object.fromEntries(
    Object.entries(order.inputs).map(([name, value]) => [name, String(value)]),
  );
  if (Object.keys(inputs).length > 25) throw unprocessable("You may only define up to 25 inputs");
  const actor = loginOf(call.world, call.actor);
  const run = runs.dispatch({
    repository,
    workflow: call.params.workflow_id ?? "",
    ref: order.ref,
    inputs,
    actor,
  });
  if (!order.return_run_details) return { status: 204 };
  const { url, html_url } = runView(call.world, run);
  return { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } };
};

export const actionRoutes = (runs: Runs): readonly Route[] => [
  route("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", "actions:write", (call) =>
    dispatch(call, runs),
  ),
  route("GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", "actions:read", (call) =>
    list(call, call.params.workflow_id),
  ),
  route("GET /repos/{owner}/{repo}/actions/runs", "actions:read", (call) => list(call, undefined)),
  route("GET /repos/{owner}/{repo}/actions/runs/{run_id}", "actions:read", (call) => ({
    body: runView(call.world, runIn(call)),
  })),
  route("POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel", "actions:write", (call) => {
    runs.cancel(runIn(call));
    return { status: 202, body: {} };
  }),
];
