/** Lists of a site: the sites themselves, an environment's backups, the audit log. */
import { z } from "zod";
import { type AccessDeps, detailedSite, onlyVisible, person, visibleSite } from "./access.ts";
import { idOf, PAGE, pageOf, parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";
import { auditView, backupView, siteView } from "./views.ts";

export function listings(deps: AccessDeps): readonly Route[] {
  return [
    { method: "GET", path: "/api/sites", handle: (request) => listSites(deps, request) },
    {
      method: "GET",
      path: "/api/environments/{id}/backups",
      handle: (request) => listBackups(deps, request),
    },
    { method: "GET", path: "/api/audit", handle: (request) => listAudit(deps, request) },
  ];
}

async function listSites(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const page = pageOf(parseQuery(PAGE, request));
  const rows = await deps.store.transaction((tx) => tx.sites(page));
  const visible = await onlyVisible(
    deps,
    login,
    rows.map((row) => ({ row, site_id: row.id })),
  );
  const next = rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null;
  return { status: 200, body: { items: visible.map(({ row }) => siteView(row.row)), next } };
}

/** All of them: an environment keeps few. */
async function listBackups(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const id = idOf(request, "environment");
  const { environment, rows } = await deps.store.transaction(async (tx) => ({
    environment: await tx.environment(id),
    rows: await tx.backupsOf(id),
  }));
  const asked = { site_id: environment?.site_id, what: "environment" };
  const { details } = await visibleSite(deps, login, asked);
  return { status: 200, body: { items: rows.map((row) => backupView(row, details)), next: null } };
}

const AuditQuery = z.strictObject({
  site_id: z.uuid(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z.coerce.number().int().positive().optional(),
});

/** One site's records. They are links of one chain over all sites, so their numbers have gaps. */
async function listAudit(deps: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(deps, request);
  const { site_id, limit, after } = parseQuery(AuditQuery, request);
  await detailedSite(deps, login, { site_id, what: "site" });
  const page = after === undefined ? { limit } : { limit, after: String(after) };
  const rows = await deps.store.transaction((tx) => tx.audit({ site_id }, page));
  const next = rows.length === limit ? String(rows.at(-1)?.seq ?? "") : null;
  return { status: 200, body: { items: rows.map(auditView), next } };
}
