/** The owner's policy file. What cannot be read, or cannot be understood, stops everything: the default is for its absence. */
import type { Answer } from "../core/answer.ts";
import { parsePolicy } from "../core/policy/parse.ts";
import type { PolicyFile } from "../core/policy/schema.ts";
import { policyHidden, policyInvalid, policyUnreadable } from "../core/rendering/policy.ts";
import type { PolicyAnswer } from "../ports/github.ts";
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

/** @throws GithubError when asking again later can help: nothing is judged until then */
export async function loadPolicy(deps: Deps<"policyFile">, repository: Repository): Promise<LoadedPolicy> {
  const { policy_repositories } = deps.settings;
  const owner = repository.owner.toLowerCase();
  const name = Object.hasOwn(policy_repositories, owner) ? policy_repositories[owner] : POLICY_REPOSITORY;
  if (name === null || name === undefined) return { ok: true, file: null, from: null };
  const from = `${repository.owner}/${name}`;
  const asked = await ask(deps, repository, name);
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
  name: string,
): Promise<PolicyAnswer | string> {
  try {
    return await deps.github.policyFile(repository, { name, path: POLICY_PATH });
  } catch (error) {
    if (error instanceof Error && "retry" in error && error.retry === false) return error.message;
    throw error;
  }
}
