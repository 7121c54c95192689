/** Configuration packages: the states of their releases, and the stored reports of their validation, as JSON or SARIF. */
import { z } from "zod";
import { sarifOf } from "../core/packages/rendering/sarif.ts";
import { PACKAGE_STATES } from "../core/packages/states.ts";
import type { PackageReleaseRow, PackageReportRow } from "../ports/packages.ts";
import { type AccessDeps, person, visibleSite } from "./access.ts";
import { idOf, PAGE, pageOf, parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";

export function packages(deps: AccessDeps): readonly Route[] {
  const reports = "/api/packages/reports/{id}";
  return [
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

const ReleaseQuery = PAGE.extend({
  site_id: z.uuid(),
  pull_request: z.coerce.number().int().positive().optional(),
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
  const { report_id, staged_by, staged_at, released_at, state_version } = row;
  return {
    ...{ id, site_id, root, kind, package: name, version, status, digest, pull_request, head_sha },
    ...{ report_id, staged_by, staged_at, released_at, state_version },
  };
}

function reportView(row: PackageReportRow) {
  const { id, site_id, pull_request, head_sha, base_sha, created_at, report } = row;
  return { id, site_id, pull_request, head_sha, base_sha, created_at, report };
}
