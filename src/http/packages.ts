/** Configuration packages: states of releases, stored reports as JSON or SARIF, and the moves of pointers. */
import { z } from "zod";
import { sarifOf } from "../core/packages/rendering/sarif.ts";
import { PACKAGE_STATES } from "../core/packages/states.ts";
import { type ApiMovesDeps, apiMoves } from "../flows/packages/api.ts";
import type { PackageReleaseRow, PackageReportRow } from "../ports/packages.ts";
import { type AccessDeps, person, visibleSite } from "./access.ts";
import { forbidden, refusal } from "./errors.ts";
import { onceOf } from "./idempotency.ts";
import { idOf, PAGE, PullNumber, PullNumberText, pageOf, parseBody, parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";

export function packages(deps: AccessDeps, flows: ApiMovesDeps): readonly Route[] {
  const reports = "/api/packages/reports/{id}";
  const move = (path: string, kind: "activate" | "rollback"): Route => ({
    method: "POST",
    path,
    handle: (request) => movePointers({ deps, flows }, request, kind),
  });
  return [
    move("/api/packages/activate", "activate"),
    move("/api/packages/rollback", "rollback"),
    { method: "GET", path: "/api/packages", handle: (request) => listReleases(deps, request) },
    {
      method: "GET",
      path: reports,
      handle: async (request) => ({ status: 200, body: reportView(await oneReport(deps, request)) }),
    },
    {
      method: "GET",
      path: `${reports}/sarif`,
      handle: async (request) => ({ status: 200, body: sarifOf((await oneReport(deps, request)).report) }),
    },
  ];
}

const LIMIT = 64 * 1024;
const Reason = z.string().max(300).default("");
const Activation = z.strictObject({
  site_id: z.uuid(),
  pull_request: PullNumber,
  reason: Reason,
});
const Version = z
  .string()
  .max(100)
  .regex(/^\d+\.\d+\.\d+(?:-[A-Za-z0-9.-]+)?$/);
const Rollback = Activation.extend({
  packages: z
    .array(z.strictObject({ name: z.string().min(1).max(300), version: Version.nullable().default(null) }))
    .min(1)
    .max(50),
});

interface Both {
  readonly deps: AccessDeps;
  readonly flows: ApiMovesDeps;
}

/** What `/activate` and `/rollback` do. */
async function movePointers(
  { deps, flows }: Both,
  request: ApiRequest,
  kind: "activate" | "rollback",
): Promise<ApiResponse> {
  const actor = await person(deps, request);
  const { named, ...body } = await asked(request, kind);
  const { site_id, pull_request, reason } = body;
  const { site } = await visibleSite(deps, actor, { site_id, what: "site" });
  const once = onceOf(request, { kind, ...body, named });
  const outcome = await apiMoves(flows, { kind, site, pull_request, named, reason, actor, once });
  if (outcome.kind === "accepted") return { status: 202, body: { promotion_id: outcome.operation_id } };
  throw outcome.status === 403 ? forbidden(outcome.message) : refusal(outcome);
}

async function asked(request: ApiRequest, kind: "activate" | "rollback") {
  if (kind === "activate") return { ...(await parseBody(Activation, request, LIMIT)), named: [] };
  const { packages: named, ...body } = await parseBody(Rollback, request, LIMIT);
  return { ...body, named };
}

const ReleaseQuery = PAGE.extend({
  site_id: z.uuid(),
  pull_request: PullNumberText.optional(),
  status: z.enum(PACKAGE_STATES).optional(),
  package: z.string().min(1).max(200).optional(),
});

/** Of one site: newest first. */
async function listReleases(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const { site_id, pull_request, status, package: id, ...rest } = parseQuery(ReleaseQuery, request);
  await visibleSite(deps, login, { site_id, what: "site" });
  const page = pageOf(rest);
  const filter = {
    site_id,
    ...(pull_request !== undefined && { pull_request }),
    ...(status !== undefined && { states: [status] }),
    ...(id !== undefined && { package: id }),
  };
  const rows = await deps.store.transaction((tx) => tx.packageReleases(filter, page));
  const next = rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null;
  return { status: 200, body: { items: rows.map(releaseView), next } };
}

async function oneReport(deps: AccessDeps, request: ApiRequest): Promise<PackageReportRow> {
  const login = await person(deps, request);
  const id = idOf(request, "report");
  const row = await deps.store.transaction((tx) => tx.packageReport(id));
  await visibleSite(deps, login, { site_id: row?.site_id, what: "report" });
  if (row === null) throw new Error("A report that is visible is there.");
  return row;
}

function releaseView(row: PackageReleaseRow) {
  const { id, site_id, root, kind, package: name, version, status, digest, pull_request, head_sha } = row;
  const { report_id, staged_by, staged_at, released_at, veto, state_version } = row;
  return {
    ...{ id, site_id, root, kind, package: name, version, status, digest, pull_request, head_sha },
    ...{ report_id, staged_by, staged_at, released_at, veto, state_version },
  };
}

function reportView(row: PackageReportRow) {
  const { id, site_id, pull_request, head_sha, base_sha, created_at, report } = row;
  return { id, site_id, pull_request, head_sha, base_sha, created_at, report };
}
