/** What people may look up: environments, jobs, promotions, drift checks. */
import { z } from "zod";
import { JobState, type OperationKind, PromotionState } from "../core/vocabulary.ts";
import type { JobRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Page, Tx } from "../ports/store.ts";
import { type AccessDeps, detailedSite, onlyVisible, person, visibleSite } from "./access.ts";
import { notFound } from "./errors.ts";
import { idOf, PAGE, pageOf, parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";
import { driftCheckView, environmentView, jobView, planView, promotionView } from "./views.ts";

export function records(deps: AccessDeps): readonly Route[] {
  const get = (
    path: string,
    handle: (deps: AccessDeps, request: ApiRequest) => Promise<ApiResponse>,
  ): Route => ({
    method: "GET",
    path,
    handle: (request) => handle(deps, request),
  });
  return [
    get("/api/environments", listEnvironments),
    get("/api/environments/{id}", oneEnvironment),
    get("/api/jobs", listJobs),
    get("/api/jobs/{id}", oneJob),
    get("/api/promotions", listPromotions),
    get("/api/promotions/{id}", onePromotion),
    get("/api/operations/{id}/plan", planOfOperation),
    get("/api/drift-checks/{id}", oneDriftCheck),
  ];
}

async function listEnvironments(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const page = pageOf(parseQuery(PAGE, request));
  const rows = await deps.store.transaction((tx) => tx.environments(page));
  const visible = await onlyVisible(deps, login, rows);
  return listed(
    visible.map(({ row }) => environmentView(row)),
    { page, rows },
  );
}

async function oneEnvironment(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "environment");
  const row = await deps.store.transaction((tx) => tx.environment(id));
  await visibleSite(deps, login, { site_id: row?.site_id, what: "environment" });
  return found(row, environmentView, "environment");
}

const JobQuery = PAGE.extend({ environment_id: z.uuid().optional(), state: JobState.optional() });

async function listJobs(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const { environment_id, state, ...rest } = parseQuery(JobQuery, request);
  const page = pageOf(rest);
  const filter = { ...(environment_id && { environment_id }), ...(state && { states: [state] }) };
  const rows = await deps.store.transaction(async (tx) => withSites(tx, await tx.jobs(filter, page)));
  const visible = await onlyVisible(deps, login, rows);
  return listed(
    visible.map(({ row, details }) => jobView(row.row, details)),
    { page, rows: rows.map(({ row }) => row) },
  );
}

async function oneJob(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "job");
  const { row, site_id } = await deps.store.transaction(async (tx) => {
    const row = await tx.job(id);
    return { row, site_id: (row && (await tx.environment(row.environment_id)))?.site_id };
  });
  const { details } = await visibleSite(deps, login, { site_id, what: "job" });
  return found(row, (job) => jobView(job, details), "job");
}

const PromotionQuery = PAGE.extend({
  target_environment_id: z.uuid().optional(),
  state: PromotionState.optional(),
});

const PROMOTIONS: readonly OperationKind[] = ["promote", "rollback", "activate"];

/** A rollback is recorded as a promotion, and so is an activation of packages. */
async function listPromotions(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const { target_environment_id, state, ...rest } = parseQuery(PromotionQuery, request);
  const page = pageOf(rest);
  const filter = {
    kinds: PROMOTIONS,
    ...(target_environment_id && { target_environment_id }),
    ...(state && { states: [state] }),
  };
  const rows = await deps.store.transaction((tx) => tx.operations(filter, page));
  const visible = await onlyVisible(deps, login, rows);
  return listed(
    visible.map(({ row, details }) => promotionView(row, details)),
    { page, rows },
  );
}

async function onePromotion(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "promotion");
  const operation = await deps.store.transaction((tx) => tx.operation(id));
  const row = operation !== null && PROMOTIONS.includes(operation.kind) ? operation : null;
  const { details } = await visibleSite(deps, login, { site_id: row?.site_id, what: "promotion" });
  return found(row, (promotion) => promotionView(promotion, details), "promotion");
}

/** Whole, however large: comments and checks have room for some of it only. */
async function planOfOperation(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "operation");
  const row = await deps.store.transaction((tx) => tx.operation(id));
  await detailedSite(deps, login, { site_id: row?.site_id, what: "operation" });
  const told = row !== null && (row.plan ?? row.refresh ?? row.comparison) !== null;
  return found(told ? row : null, planView, "plan of this operation");
}

async function oneDriftCheck(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "drift check");
  const { row, site_id } = await deps.store.transaction(async (tx) => {
    const row = await tx.driftCheck(id);
    return { row, site_id: (row && (await tx.environment(row.environment_id)))?.site_id };
  });
  const { details } = await visibleSite(deps, login, { site_id, what: "drift check" });
  return found(row, (check) => driftCheckView(check, details), "drift check");
}

async function withSites(tx: Tx, rows: readonly JobRow[]) {
  const environments = new Map<string, EnvironmentRow | null>();
  for (const { environment_id } of rows) {
    if (!environments.has(environment_id))
      environments.set(environment_id, await tx.environment(environment_id));
  }
  return rows.flatMap((row) => {
    const site_id = environments.get(row.environment_id)?.site_id;
    return site_id === undefined ? [] : [{ row, site_id }];
  });
}

/** `next` continues after the last row that was looked at, whether or not the person may see it. */
function listed(
  items: readonly unknown[],
  { page, rows }: { readonly page: Page; readonly rows: readonly { readonly id: string }[] },
): ApiResponse {
  const next = rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null;
  return { status: 200, body: { items, next } };
}

function found<Row>(row: Row | null, view: (row: Row) => unknown, what: string): ApiResponse {
  if (row === null) throw notFound(what);
  return { status: 200, body: view(row) };
}
