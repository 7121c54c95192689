/** What a repository's settings and the rules of a branch say of merges, as far as the App may read them. */
import { z } from "zod";
import type { MergeSettings } from "../core/merge-settings.ts";
import type { Repository } from "../ports/sites.ts";
import type { Asking } from "./asking.ts";
import type { Client } from "./client.ts";
import { isMissing } from "./error.ts";

/** They change seldom, and are asked for with every pull request. */
const BELIEVED_MS = 10 * 60 * 1000;
const MOST_KNOWN = 1_000;

type Ask = Pick<Asking, "ask" | "nameOf">;

/** @param now milliseconds that never go back */
export function mergeSettingsReads({ ask, nameOf }: Ask, now: () => number) {
  const known = new Map<string, { readonly told: MergeSettings; readonly until: number }>();
  return async (repository: Repository, branch: string): Promise<MergeSettings> => {
    const key = `${repository.id}:${branch}`;
    const before = known.get(key);
    if (before !== undefined && before.until > now()) return before.told;
    const told = await ask(repository, `read the rules of ${branch}`, (client) =>
      read(client, { ...nameOf(repository), branch }),
    );
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, { told, until: now() + BELIEVED_MS });
    return told;
  };
}

type Place = ReturnType<Asking["nameOf"]> & { readonly branch: string };

async function read(client: Client, place: Place): Promise<MergeSettings> {
  const { owner, repo } = place;
  const [settings, rules, classic] = await Promise.all([
    client.rest.repos.get({ owner, repo }),
    tellable(client.paginate(client.rest.repos.getBranchRules, { ...place, per_page: 100 }), []),
    tellable(client.rest.repos.getBranch(place), null),
  ]);
  const { allow_squash_merge = null, delete_branch_on_merge = null } = settings.data;
  const told = [...rules.map(ruleOf), classicOf(classic?.data.protection)];
  return {
    required: told.flatMap(({ required }) => required),
    strict: told.some(({ strict }) => strict),
    squash: told.some(({ no_squash }) => no_squash) ? false : allow_squash_merge,
    deletes_head: delete_branch_on_merge,
  };
}

/** What the App may not read, or what is not there, says nothing. */
async function tellable<T, E>(asked: Promise<T>, otherwise: E): Promise<T | E> {
  try {
    return await asked;
  } catch (error) {
    const forbidden = error instanceof Error && "status" in error && error.status === 403;
    const limited = error instanceof Error && /rate limit/i.test(error.message);
    if (isMissing(error) || (forbidden && !limited)) return otherwise;
    throw error;
  }
}

interface Told extends Pick<MergeSettings, "required" | "strict"> {
  readonly no_squash: boolean;
}
const NOTHING: Told = { required: [], strict: false, no_squash: false };

const StatusRule = z.object({
  type: z.literal("required_status_checks"),
  parameters: z.object({
    strict_required_status_checks_policy: z.boolean(),
    required_status_checks: z.array(z.object({ context: z.string(), integration_id: z.number().nullish() })),
  }),
});
const PullRule = z.object({
  type: z.literal("pull_request"),
  parameters: z.object({ allowed_merge_methods: z.array(z.string()) }),
});

function ruleOf(rule: unknown): Told {
  const status = StatusRule.safeParse(rule).data?.parameters;
  const methods = PullRule.safeParse(rule).data?.parameters.allowed_merge_methods;
  if (status === undefined) return { ...NOTHING, no_squash: methods?.includes("squash") === false };
  return {
    ...NOTHING,
    strict: status.strict_required_status_checks_policy,
    required: status.required_status_checks.map(({ context, integration_id = null }) => ({
      name: context,
      app_id: integration_id,
    })),
  };
}

/** Of a classic protection GitHub tells Apps without the right to administer only this much. */
const Classic = z.object({
  required_status_checks: z.object({
    checks: z.array(z.object({ context: z.string(), app_id: z.number().nullable() })),
  }),
});

function classicOf(protection: unknown): Told {
  const checks = Classic.safeParse(protection).data?.required_status_checks.checks ?? [];
  return { ...NOTHING, required: checks.map(({ context, app_id }) => ({ name: context, app_id })) };
}
