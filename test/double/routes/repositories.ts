/** Repositories: settings, permissions, branches, rules, files and history. */
import { notFound } from "../github/errors.ts";
import { fullName } from "../github/world.ts";
import { type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { userView } from "../views/account.ts";
import { commitView, fullRepositoryView, repositoryUrl } from "../views/repository.ts";

/** GitHub knows five roles and, in `permission`, only four: maintain shows as write, triage as read. */
const LEGACY: Readonly<Record<string, string>> = { maintain: "write", triage: "read" };

const permission = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const account = call.world.state.accounts.find(
    ({ login }) => login.toLowerCase() === call.params.username?.toLowerCase(),
  );
  if (!account) throw notFound();
  const own = repository.permissions.get(account.login) ?? (repository.private ? "none" : "read");
  const role = account.login === repository.owner ? "admin" : own;
  return {
    body: {
      permission: LEGACY[role] ?? role,
      role_name: role,
      user: { ...userView(call.world, account), role_name: role },
    },
  };
};

const branch = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const name = call.params.branch ?? "";
  const sha = repository.branches.get(name);
  const commit = call.world.state.commits.get(sha ?? "");
  if (!commit) throw notFound();
  const self = `${repositoryUrl(call.world, repository)}/branches/${name}`;
  const html = `${call.world.url}/${fullName(repository)}/tree/${name}`;
  const isProtected = (repository.rules.get(name) ?? []).length > 0;
  return {
    body: {
      name,
      commit: commitView(call.world, repository, commit),
      _links: { self, html },
      protected: isProtected,
      protection: { enabled: isProtected },
      protection_url: `${self}/protection`,
    },
  };
};

const rules = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const own = repository.rules.get(call.params.branch ?? "") ?? [];
  return {
    list: own.map((rule) => ({
      ...rule,
      ruleset_source_type: "Repository",
      ruleset_source: fullName(repository),
      ruleset_id: 1,
    })),
  };
};

const repository = (call: Call): Reply => ({ body: fullRepositoryView(call.world, repositoryIn(call)) });

export const repositoryRoutes: readonly Route[] = [
  route("GET /repos/{owner}/{repo}", "metadata:read", repository),
  route("GET /repositories/{repository_id}", "metadata:read", repository),
  route("GET /repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read", permission),
  route("GET /repos/{owner}/{repo}/branches/{branch}", "contents:read", branch),
  route("GET /repos/{owner}/{repo}/rules/branches/{branch}", "metadata:read", rules),
];
