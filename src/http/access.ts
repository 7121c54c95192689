/** Who a person is and what they may see: the rights that they have in the site's repository, asked of GitHub each time. */
import { atLeast, type Permission, seesDetails } from "../core/policy.ts";
import type { Github } from "../ports/github.ts";
import type { SiteRow } from "../ports/sites.ts";
import type { Store } from "../ports/store.ts";
import { forbidden, notFound, unauthorized } from "./errors.ts";
import type { ApiRequest } from "./router.ts";

export interface AccessDeps {
  readonly store: Store;
  readonly github: Pick<Github, "permission">;
  /** The login that a user token of Belay's own App belongs to; null for every other token. */
  readonly loginOf: (token: string) => Promise<string | null>;
}

/** How much of a site a person may see: whoever reads its repository, the site; whoever writes there, its rows as well. */
export interface Sight {
  readonly site: SiteRow;
  readonly permission: Permission;
  /** Names of rows, values, and a host's own words. */
  readonly details: boolean;
}

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

/** Null: the person may not see it. */
async function sightOf(deps: AccessDeps, login: string, site: SiteRow): Promise<Sight | null> {
  const permission = await deps.github.permission(site.repository, login);
  return atLeast(permission, "read") ? { site, permission, details: seesDetails(permission) } : null;
}

/** The site of something that was asked for by id. What a person may not see does not exist for them. */
export async function visibleSite(
  deps: AccessDeps,
  login: string,
  asked: { readonly site_id: string | undefined; readonly what: string },
): Promise<Sight> {
  const { site_id, what } = asked;
  const site = site_id === undefined ? null : await deps.store.transaction((tx) => tx.site(site_id));
  const sight = site === null ? null : await sightOf(deps, login, site);
  if (sight === null) throw notFound(what);
  return sight;
}

/** For what is nothing but details. @throws ApiError 403 for people who may see the site and not its rows */
export async function detailedSite(...asked: Parameters<typeof visibleSite>): Promise<SiteRow> {
  const { site, details } = await visibleSite(...asked);
  if (!details) {
    const { owner, name } = site.repository;
    throw forbidden(
      `This names rows and values of the site: it takes write permission in ${owner}/${name}. Ask somebody who administers the repository.`,
    );
  }
  return site;
}

export interface Seen<Row> {
  readonly row: Row;
  readonly details: boolean;
}

/** Keeps the rows of sites that the person may see; each site is asked about once. */
export async function onlyVisible<Row extends { readonly site_id: string }>(
  deps: AccessDeps,
  login: string,
  rows: readonly Row[],
): Promise<readonly Seen<Row>[]> {
  const sights = new Map<string, Sight | null>();
  for (const site_id of new Set(rows.map((row) => row.site_id))) {
    const site = await deps.store.transaction((tx) => tx.site(site_id));
    sights.set(site_id, site === null ? null : await sightOf(deps, login, site));
  }
  return rows.flatMap((row) => {
    const sight = sights.get(row.site_id) ?? null;
    return sight === null ? [] : [{ row, details: sight.details }];
  });
}
