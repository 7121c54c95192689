/** Who a person is and what they may see: the rights that they have in the site's repository, asked of GitHub each time. */
import { PERMISSIONS, type Permission } from "../core/policy.ts";
import type { Github } from "../ports/github.ts";
import type { SiteRow } from "../ports/sites.ts";
import type { Store } from "../ports/store.ts";
import { notFound, unauthorized } from "./errors.ts";
import type { ApiRequest } from "./router.ts";

export interface AccessDeps {
  readonly store: Store;
  readonly github: Pick<Github, "permission">;
  /** The login that a user token of Belay's own App belongs to; null for every other token. */
  readonly loginOf: (token: string) => Promise<string | null>;
}

/** Reports name rows of the site, so reading them takes what starting things takes. */
const LEAST: Permission = "write";

/** @returns the person's login @throws ApiError 401 */
export async function person(deps: AccessDeps, request: ApiRequest): Promise<string> {
  if (request.token === null) {
    throw unauthorized("Send a user token of Belay's GitHub App as `Authorization: Bearer <token>`.");
  }
  const login = await deps.loginOf(request.token);
  if (login === null)
    throw unauthorized("This is not a user token of Belay's GitHub App, or it has expired.");
  return login;
}

export async function maySee(deps: AccessDeps, login: string, site: SiteRow): Promise<boolean> {
  const permission = await deps.github.permission(site.repository, login);
  return PERMISSIONS.indexOf(permission) >= PERMISSIONS.indexOf(LEAST);
}

/** The site of something that was asked for by id. What a person may not see does not exist for them. */
export async function visibleSite(
  deps: AccessDeps,
  login: string,
  asked: { readonly site_id: string | undefined; readonly what: string },
): Promise<SiteRow> {
  const { site_id, what } = asked;
  const site = site_id === undefined ? null : await deps.store.transaction((tx) => tx.site(site_id));
  if (site === null || !(await maySee(deps, login, site))) throw notFound(what);
  return site;
}

/** Keeps the rows of sites that the person may see; each site is asked about once. */
export async function onlyVisible<Row extends { readonly site_id: string }>(
  deps: AccessDeps,
  login: string,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const visible = new Map<string, boolean>();
  for (const site_id of new Set(rows.map((row) => row.site_id))) {
    const site = await deps.store.transaction((tx) => tx.site(site_id));
    visible.set(site_id, site !== null && (await maySee(deps, login, site)));
  }
  return rows.filter((row) => visible.get(row.site_id));
}
