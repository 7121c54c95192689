/** Teams of an organization: who is a member. */
import { notFound } from "../github/errors.ts";
import { type Call, type Reply, type Route, route } from "../http/router.ts";
import { api } from "../views/account.ts";

const membership = (call: Call): Reply => {
  const { world, params } = call;
  const { org = "", team_slug = "", username = "" } = params;
  const team = world.state.teams.find(
    (one) => one.org.toLowerCase() === org.toLowerCase() && one.slug === team_slug,
  );
  const member = [...(team?.members ?? [])].find((login) => login.toLowerCase() === username.toLowerCase());
  if (!team || member === undefined) throw notFound();
  const url = api(world, `/orgs/${team.org}/teams/${team.slug}/memberships/${member}`);
  return { body: { url, role: "member", state: "active" } };
};

export const teamRoutes: readonly Route[] = [
  route("GET /orgs/{org}/teams/{team_slug}/memberships/{username}", "members:read", membership),
];
