/** A person's rights, as GitHub tells them now. */
import { botOf, type Person } from "../core/policy.ts";
import type { Repository } from "../ports/sites.ts";
import type { Deps } from "./deps.ts";

export interface PersonQuestion {
  readonly login: string;
  /** Teams of the repository's owner that matter. */
  readonly teams: readonly string[];
}

/**
 * What GitHub will never tell of a team is unknown, and lets nobody in. A bot has no rights that it could be asked for.
 * @throws GithubError when asking later can help
 */
export async function askPerson(
  deps: Deps<"permission" | "isTeamMember">,
  repository: Repository,
  { login, teams }: PersonQuestion,
): Promise<Person> {
  const bot = botOf(login);
  if (bot !== null) return { login, bot, permission: "none", teams: {} };
  const permission = await deps.github.permission(repository, login);
  const told = await Promise.all(
    teams.map(async (team) => [team, await isMember(deps, repository, { login, team })] as const),
  );
  return { login, permission, teams: Object.fromEntries(told) };
}

async function isMember(
  deps: Deps<"isTeamMember">,
  repository: Repository,
  { login, team }: { readonly login: string; readonly team: string },
): Promise<boolean | null> {
  try {
    return await deps.github.isTeamMember(repository, team, login);
  } catch (error) {
    if (error instanceof Error && "retry" in error && error.retry === false) return null;
    throw error;
  }
}
