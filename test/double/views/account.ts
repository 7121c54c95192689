/** People, the app and its installations as GitHub's JSON. Required fields that say nothing here are added by ../fill.ts. */
import type { Account, App, Installation, Repository } from "../github/state.ts";
import { accountOf, appOf, type World } from "../github/world.ts";

export type View = Readonly<Record<string, unknown>>;

export const api = (world: World, path: string): string => `${world.url}/api/v3${path}`;

/** GitHub's opaque node ids; opaque here as well. */
export const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}:${id}`).toString("base64");

const COLLECTIONS = ["followers", "subscriptions", "repos", "received_events"];
const TEMPLATES = {
  following: "following{/other_user}",
  gists: "gists{/gist_id}",
  starred: "starred{/owner}{/repo}",
  events: "events{/privacy}",
};

export const userView = (world: World, account: Account): View => {
  // The brackets of `belay[bot]` are no part of an address.
  const name = encodeURIComponent(account.login);
  const url = api(world, `/users/${name}`);
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type, account.id),
    avatar_url: `${world.url}/avatars/${account.id}`,
    gravatar_id: "",
    url,
    html_url: `${world.url}/${name}`,
    type: account.type,
    site_admin: false,
    organizations_url: `${url}/orgs`,
    ...Object.fromEntries(COLLECTIONS.map((name) => [`${name}_url`, `${url}/${name}`])),
    ...Object.fromEntries(Object.entries(TEMPLATES).map(([name, path]) => [`${name}_url`, `${url}/${path}`])),
  };
};

export const userNamed = (world: World, login: string): View => userView(world, accountOf(world, login));

export const appView = (world: World, app: App): View => ({
  id: app.id,
  slug: app.slug,
  node_id: nodeId("App", app.id),
  client_id: app.clientId,
  owner: userNamed(world, app.owner),
  name: app.name,
  description: "",
  external_url: `${world.url}/apps/${app.slug}`,
  html_url: `${world.url}/apps/${app.slug}`,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  permissions: app.permissions,
  events: app.events,
});

/** The app that did something, or null when a person did it. */
export const appViewOrNull = (world: World, id: number | null): View | null =>
  id === null ? null : appView(world, appOf(world, id));

export const installationView = (world: World, installation: Installation): View => {
  const [app] = world.state.apps;
  if (!app) throw new Error("the double has no app");
  const account = accountOf(world, installation.account);
  return {
    id: installation.id,
    account: userView(world, account),
    repository_selection: installation.selected === null ? "all" : "selected",
    app_id: app.id,
    app_slug: app.slug,
    client_id: app.clientId,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: app.events,
    access_tokens_url: api(world, `/app/installations/${installation.id}/access_tokens`),
    repositories_url: api(world, "/installation/repositories"),
    html_url: `${world.url}/settings/installations/${installation.id}`,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    single_file_name: null,
    suspended_at: null,
    suspended_by: null,
  };
};

/** How a person stands to a repository, as GitHub says it beside comments. Permission is a separate question. */
export const association = (world: World, repository: Repository, login: string): string => {
  if (login === repository.owner) return "OWNER";
  const permission = repository.permissions.get(login) ?? "none";
  if (permission === "none" || permission === "read") return "NONE";
  return accountOf(world, repository.owner).type === "Organization" ? "MEMBER" : "COLLABORATOR";
};
