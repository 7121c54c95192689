/** What a request of the API is about: environment, site, settings, and whether the person may. And how it is answered. */
import type { Answer } from "../core/answer.ts";
import type { CommandWord } from "../core/commands.ts";
import type { SiteEnvironment } from "../core/config/types.ts";
import { allows, teamsOf } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import { obstacles, type Verdict } from "../core/verdict.ts";
import type { PullRequest } from "../ports/github.ts";
import type { ApiAnswer } from "../ports/requests.ts";
import type { EnvironmentRow, SiteRow } from "../ports/sites.ts";
import type { CommandOutcome, Deps, Refused } from "./deps.ts";
import type { EvidenceReads } from "./evidence.ts";
import { configured } from "./input-of.ts";
import { askPerson } from "./person.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings } from "./site.ts";

export type ApiFlowDeps = Deps<"openPullRequests" | SettingsReads | EvidenceReads>;

export type Accepted = Extract<ApiAnswer, { kind: "accepted" }>;
export type ApiOutcome = ApiAnswer;

/** A site with its settings, and one of its environments. */
export interface Scene {
  readonly kind: "scene";
  readonly site: SiteRow;
  readonly environment: EnvironmentRow;
  readonly settings: SiteSettings;
}

/** @param id an environment of the site @returns 404 where the configuration does not know it any more */
export async function loadScene(deps: ApiFlowDeps, id: string): Promise<Scene | Refused> {
  const { environment, site } = await deps.store.transaction(async (tx) => {
    const environment = await tx.environment(id);
    return { environment, site: environment === null ? null : await tx.site(environment.site_id) };
  });
  if (environment === null || site === null) return refuse(404, answers.notFound("environment"));
  const loaded = await loadSettings(deps, site.repository);
  if (!loaded.ok) return refuse(409, loaded.answer);
  const { settings } = loaded;
  const known = Object.hasOwn(settings.config.environments, environment.name);
  if (!known) return refuse(404, answers.notFound("environment"));
  return { kind: "scene", site, environment, settings };
}

export interface Leave {
  readonly actor: string;
  readonly word: CommandWord;
  /** Whose policy decides. */
  readonly target: string;
}

/** Null: the person may give this command here. */
export async function forbidden(
  deps: ApiFlowDeps,
  { site, settings }: Pick<Scene, "site" | "settings">,
  { actor, word, target }: Leave,
): Promise<Refused | null> {
  const policy = policyFor(settings, target);
  const teams = teamsOf(policy.permissions[word]);
  const leave = allows(policy, word, await askPerson(deps, site.repository, { login: actor, teams }));
  return leave.ok ? null : refuse(403, answers.notAllowed(word, leave));
}

/** The environment that comes after (`by` 1) or before (`by` -1) this one on the site's path. */
export function onPath({ config }: SiteSettings, name: string, by: 1 | -1): SiteEnvironment | null {
  const at = config.path.indexOf(name);
  const other = at === -1 ? undefined : config.path[at + by];
  return other === undefined ? null : (config.environments[other] ?? null);
}

export interface Step {
  readonly source: SiteEnvironment;
  readonly target: SiteEnvironment;
}

export const stepFrom = ({ settings, environment }: Scene, target: SiteEnvironment): Step => ({
  source: configured(settings, environment.name),
  target,
});

/** The open environment pull request of a step. */
export async function pullRequestOf(
  deps: ApiFlowDeps,
  { repository }: SiteRow,
  { source, target }: Step,
): Promise<PullRequest | null> {
  const open = await deps.github.openPullRequests(repository, { head: source.branch, base: target.branch });
  return open.find((pull) => pull.head_repository_id === repository.id) ?? null;
}

export function answered(outcome: CommandOutcome): ApiOutcome {
  switch (outcome.kind) {
    case "started":
      return { kind: "accepted", job_id: outcome.job_id, operation_id: outcome.operation_id };
    case "moving":
      return { kind: "accepted", job_id: null, operation_id: outcome.operation_id };
    case "blocked":
      return refuseByGate(outcome.verdict);
    case "answered":
      return refuse(409, outcome.answer);
    case "queued":
    case "ignored":
      return refuse(409, answers.notFound("operation"));
  }
}

export function refuse(status: Refused["status"], answer: Answer): Refused {
  return { kind: "refused", status, code: answer.code, message: answers.answerLine(answer) };
}

function refuseByGate(verdict: Verdict): Refused {
  const [gate] = obstacles(verdict);
  const message = [...(gate?.sentences ?? []), gate?.remedy ?? ""].join(" ").trim();
  return { kind: "refused", status: 409, code: gate?.code ?? "conflict", message, verdict };
}
