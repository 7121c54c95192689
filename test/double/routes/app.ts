/** The app about itself: installations, tokens, webhook deliveries; and whose a user's token is. */

import { notFound } from "../github/errors.ts";
import type { Repository } from "../github/state.ts";
import type { World } from "../github/world.ts";
import type { Actor } from "../http/auth.ts";
import { type Route, repositoryIn, route } from "../http/router.ts";
import { appView, installationView, userNamed, userView } from "../views/account.ts";
import { repositoryView } from "../views/repository.ts";
import { installationIn } from "./tokens.ts";

/** A list of the installation that the token belongs to. */
const ownRepositories = (
  world: World,
  actor: Actor,
): { readonly repositories: readonly Repository[]; readonly selection: "all" | "selected" } => {
  const token = actor.kind === "token" && actor.token.kind === "installation" ? actor.token : undefined;
  const installation = world.state.installations.find(({ id }) => id === token?.installation);
  if (!token || !installation) throw notFound();
  const { account, selected } = installation;
  const repositories = world.state.repositories.filter(
    ({ owner, id }) =>
      owner === account && (selected?.has(id) ?? true) && (token.repositories?.includes(id) ?? true),
  );
  return { repositories, selection: (selected ?? token.repositories) === null ? "all" : "selected" };
};

export const appRoutes: readonly Route[] = [
  route("GET /app", "app", ({ world, actor }) => {
    if (actor.kind !== "app") throw notFound();
    return { body: { ...appView(world, actor.app), installations_count: world.state.installations.length } };
  }),
  route("GET /app/installations", "app", ({ world }) => ({
    list: world.state.installations.map((one) => installationView(world, one)),
  })),
  route("GET /app/installations/{installation_id}", "app", (call) => ({
    body: installationView(call.world, installationIn(call)),
  })),
  route("GET /repos/{owner}/{repo}/installation", "app", (call) => {
    const repository = repositoryIn(call);
    const found = call.world.state.installations.find((one) => one.account === repository.owner);
    if (!found) throw notFound();
    return { body: installationView(call.world, found) };
  }),
  route("GET /installation/repositories", "anyone", ({ world, actor }) => {
    const { repositories, selection } = ownRepositories(world, actor);
    return {
      list: repositories.map((one) => repositoryView(world, one)),
      key: "repositories",
      more: { repository_selection: selection },
    };
  }),
  route("GET /user", "user", ({ world, actor }) => {
    if (actor.kind !== "token" || actor.token.kind !== "user") throw notFound();
    return { body: { ...userNamed(world, actor.token.login), user_view_type: "public" } };
  }),
  route("GET /users/{username}", "anyone", ({ world, params }) => {
    const found = world.state.accounts.find(
      ({ login }) => login.toLowerCase() === params.username?.toLowerCase(),
    );
    if (!found) throw notFound();
    return { body: { ...userView(world, found), user_view_type: "public" } };
  }),
  route("GET /rate_limit", "anyone", ({ world }) => {
    const core = {
      limit: 5000,
      used: 0,
      remaining: 5000,
      reset: Math.floor(world.now().getTime() / 1000) + 3600,
    };
    return { body: { resources: { core, search: core }, rate: core } };
  }),
];
