/** The owner's policy file. What cannot be read, or cannot be understood, stops everything: the default is for its absence. */
import type { Answer } from "../core/answer.ts";
import { parsePolicy } from "../core/policy/parse.ts";
import type { PolicyFile } from "../core/policy/schema.ts";
import { policyHidden, policyInvalid, policyUnreadable } from "../core/rendering/policy.ts";
import type { PolicyAnswer, RepositoryFile, WantedFile } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { Deps } from "./deps.ts";

export const POLICY_PATH = "belay-policy.yml";
const POLICY_REPOSITORY = ".github";

export type LoadedPolicy =
  | {
      readonly ok: true;
      /** Null: there is none, the shipped default holds. */
      readonly file: PolicyFile | null;
      readonly from: string | null;
    }
  | { readonly ok: false; readonly answer: Answer };

/** Where the owner's policy lies; null: the shipped default holds for this owner. */
export function policyPlace(
  { settings }: Pick<Deps<never>, "settings">,
  { owner }: Repository,
): WantedFile | null {
  const { policy_repositories } = settings;
  const key = owner.toLowerCase();
  const name = Object.hasOwn(policy_repositories, key) ? policy_repositories[key] : POLICY_REPOSITORY;
  return name === null || name === undefined ? null : { name, path: POLICY_PATH };
}

/**
 * @param known the file, where it has been read with others just now
 * @throws GithubError when asking again later can help: nothing is judged until then
 */
export async function loadPolicy(
  deps: Deps<"policyFile">,
  repository: Repository,
  known: RepositoryFile | null = null,
): Promise<LoadedPolicy> {
  const where = policyPlace(deps, repository);
  if (where === null) return { ok: true, file: null, from: null };
  const from = `${repository.owner}/${where.name}`;
  const asked =
    known === null ? await ask(deps, repository, where) : ({ kind: "file", file: known } as const);
  if (typeof asked === "string") return { ok: false, answer: policyUnreadable(from, asked) };
  if (asked.kind === "hidden") return { ok: false, answer: policyHidden(from, repository.owner) };
  if (asked.kind === "absent") return { ok: true, file: null, from: null };
  const parsed = parsePolicy(asked.file.text);
  if (!parsed.ok) return { ok: false, answer: policyInvalid(from, parsed.errors) };
  return { ok: true, file: parsed.file, from };
}

/** What GitHub answers, or in words why it never will. */
async function ask(
  deps: Deps<"policyFile">,
  repository: Repository,
  where: WantedFile,
): Promise<PolicyAnswer | string> {
  try {
    return await deps.github.policyFile(repository, where);
  } catch (error) {
    if (error instanceof Error && "retry" in error && error.retry === false) return error.message;
    throw error;
  }
}
