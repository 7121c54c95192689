/** Work that was set aside, for administrators of the site's repository: `npm run queue` without the bot's own machine. */
import { z } from "zod";
import { atLeast } from "../core/policy.ts";
import { setAsideAnswers } from "../core/rendering/set-aside.ts";
import { findSetAside, putBack, type SetAsideDeps, setAsideOf } from "../flows/set-aside.ts";
import type { SetAsideRow } from "../ports/queue.ts";
import type { SiteRow } from "../ports/sites.ts";
import { type AccessDeps, person, visibleSite } from "./access.ts";
import { forbidden, notFound, refusal } from "./errors.ts";
import { idOf, parseQuery } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";

export function setAside(deps: SetAsideDeps, access: AccessDeps): readonly Route[] {
  return [
    { method: "GET", path: "/api/set-aside", handle: (request) => list(deps, access, request) },
    {
      method: "POST",
      path: "/api/set-aside/{id}/retry",
      handle: (request) => retry(deps, access, request),
    },
  ];
}

const Query = z.strictObject({ site_id: z.uuid() });

async function list(deps: SetAsideDeps, access: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const login = await person(access, request);
  const { site_id } = parseQuery(Query, request);
  const site = await administered(access, login, { site_id, what: "site" });
  const rows = await setAsideOf(deps, site);
  return { status: 200, body: { items: rows.map(view), next: null } };
}

async function retry(deps: SetAsideDeps, access: AccessDeps, request: ApiRequest): Promise<ApiResponse> {
  const actor = await person(access, request);
  const what = "work that was set aside";
  const found = await findSetAside(deps, idOf(request, what));
  if (found === null) throw notFound(what);
  await administered(access, actor, { site_id: found.site.id, what });
  const refused = await putBack(deps, { ...found, actor });
  if (refused !== null) throw refusal(refused);
  return { status: 202, body: { id: found.row.id } };
}

/** @throws ApiError 404 for people who may not see the site, 403 for those who do not administer it */
async function administered(
  access: AccessDeps,
  login: string,
  asked: { readonly site_id: string; readonly what: string },
): Promise<SiteRow> {
  const { site, permission } = await visibleSite(access, login, asked);
  const { owner, name } = site.repository;
  if (!atLeast(permission, "admin")) throw forbidden(setAsideAnswers.adminsOnly(`${owner}/${name}`));
  return site;
}

function view({ queue, id, what, operation_id, attempts, last_error }: SetAsideRow) {
  return { queue, id, what, operation_id, attempts, last_error };
}
