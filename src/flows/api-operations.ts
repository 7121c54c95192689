/** The API's two ways to begin work: `POST /api/environments/{id}/drift-check` and `POST /api/environments/{id}/promote`. */
import type { Answer } from "../core/answer.ts";
import type { SiteEnvironment } from "../core/config/types.ts";
import { allows, teamsOf } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import { obstacles, type Verdict } from "../core/verdict.ts";
import type { EnvironmentRow, PullRequest, SiteRow, Tx } from "../ports.ts";
import type { CommandOutcome, Deps, Refused } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForCommand, NO_EVIDENCE } from "./evidence.ts";
import { configured } from "./input-of.ts";
import { askPerson } from "./person.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings } from "./site.ts";
import { startOperation } from "./start-operation.ts";

type ApiDeps = Deps<"openPullRequests" | SettingsReads | EvidenceReads>;

export interface ApiInput {
  /** The source environment. */
  readonly environment_id: string;
  /** Login of the person whose token was checked. */
  readonly actor: string;
}

export type Accepted = { readonly kind: "accepted"; readonly job_id: string; readonly operation_id: string };
export type ApiOutcome = Accepted | Refused;

/** Compares the target of this source's step with their baseline. */
export async function apiDriftCheck(deps: ApiDeps, input: ApiInput): Promise<ApiOutcome> {
  const asked = await load(deps, { ...input, word: "drift" });
  if (asked.kind === "refused") return asked;
  const next = nextOnPath(asked.settings, asked.source.name);
  if (next === null) return refuse(409, answers.noPair(asked.source.name, "the end of the path"));
  const pull = await pullRequestOf(deps, asked, next);
  return deps.store.transaction((tx) =>
    begin(deps, tx, {
      asked,
      target: next,
      pull,
      kind: "drift",
      actor: input.actor,
      evidence: NO_EVIDENCE,
    }),
  );
}

/**
 * Promotes if every gate that can be judged from records is open: the newest drift check of this baseline, at most 15
 * minutes old, and a fresh, proven backup. The run compares again before it changes anything.
 */
export async function apiPromote(
  deps: ApiDeps,
  input: ApiInput & { readonly target_environment_id: string },
): Promise<ApiOutcome> {
  const asked = await load(deps, { ...input, word: "promote" });
  if (asked.kind === "refused") return asked;
  const row = await deps.store.transaction((tx) => tx.environment(input.target_environment_id));
  if (row === null || row.site_id !== asked.site.id)
    return refuse(404, answers.notFound("target environment"));
  const target = nextOnPath(asked.settings, asked.source.name);
  if (target === null || target.name !== row.name)
    return refuse(409, answers.noPair(asked.source.name, row.name));
  const pull = await pullRequestOf(deps, asked, target);
  if (pull === null) return refuse(409, answers.noPullRequest(asked.source.name, target.name));

  const { actor } = input;
  const evidence = await evidenceForCommand(deps, {
    repository: asked.site.repository,
    policy: policyFor(asked.settings, target.name),
    target: target.name,
    pull_request: pull.number,
    head_sha: pull.head_sha,
    kind: "promote",
    approver: null,
  });
  const begun = { asked, target, pull, kind: "promote", actor, evidence } as const;
  return deps.store.transaction((tx) => begin(deps, tx, begun));
}

interface Asked {
  readonly kind: "asked";
  readonly site: SiteRow;
  readonly source: EnvironmentRow;
  readonly settings: SiteSettings;
}

async function load(
  deps: ApiDeps,
  { environment_id, actor, word }: ApiInput & { readonly word: "drift" | "promote" },
): Promise<Asked | Refused> {
  const found = await deps.store.transaction(async (tx) => {
    const source = await tx.environment(environment_id);
    const site = source === null ? null : await tx.site(source.site_id);
    return { source, site };
  });
  const { source, site } = found;
  if (source === null || site === null) return refuse(404, answers.notFound("environment"));
  const loaded = await loadSettings(deps, site.repository);
  if (!loaded.ok) return refuse(409, loaded.answer);
  const policy = policyFor(loaded.settings, nextOnPath(loaded.settings, source.name)?.name ?? "");
  const teams = teamsOf(policy.permissions[word]);
  const leave = allows(policy, word, await askPerson(deps, site.repository, { login: actor, teams }));
  if (!leave.ok) return refuse(403, answers.notAllowed(word, leave));
  if (loaded.settings.config.environments[source.name] === undefined)
    return refuse(404, answers.notFound("environment"));
  return { kind: "asked", site, source, settings: loaded.settings };
}

function nextOnPath({ config }: SiteSettings, source: string): SiteEnvironment | null {
  const at = config.path.indexOf(source);
  const name = at === -1 ? undefined : config.path[at + 1];
  return name === undefined ? null : (config.environments[name] ?? null);
}

async function pullRequestOf(
  deps: ApiDeps,
  asked: Asked,
  target: SiteEnvironment,
): Promise<PullRequest | null> {
  const branches = { head: configured(asked.settings, asked.source.name).branch, base: target.branch };
  const open = await deps.github.openPullRequests(asked.site.repository, branches);
  return open.find((pull) => pull.head_repository_id === asked.site.repository.id) ?? null;
}

interface Begin {
  readonly asked: Asked;
  readonly target: SiteEnvironment;
  readonly pull: PullRequest | null;
  readonly kind: "drift" | "promote";
  readonly actor: string;
  readonly evidence: Evidence;
}

async function begin(
  deps: ApiDeps,
  tx: Tx,
  { asked, target, pull, kind, actor, evidence }: Begin,
): Promise<ApiOutcome> {
  const { settings, site } = asked;
  const outcome = await startOperation(deps, tx, {
    kind,
    settings,
    target,
    repository: site.repository,
    source: configured(settings, asked.source.name),
    pull_request: pull?.number ?? null,
    head_sha: pull?.head_sha ?? "",
    requested_by: actor,
    comment_id: null,
    asked: { full: false, accept: null },
    on_records: kind === "promote",
    evidence,
  });
  return answered(outcome);
}

function answered(outcome: CommandOutcome): ApiOutcome {
  switch (outcome.kind) {
    case "started":
      return { kind: "accepted", job_id: outcome.job_id, operation_id: outcome.operation_id };
    case "blocked":
      return refuseByGate(outcome.verdict);
    case "answered":
      return refuse(409, outcome.answer);
    case "ignored":
      return refuse(409, answers.notFound("operation"));
  }
}

function refuse(status: Refused["status"], answer: Answer): Refused {
  return { kind: "refused", status, code: answer.code, message: answers.answerLine(answer) };
}

function refuseByGate(verdict: Verdict): Refused {
  const [gate] = obstacles(verdict);
  const message = [...(gate?.sentences ?? []), gate?.remedy ?? ""].join(" ").trim();
  return { kind: "refused", status: 409, code: gate?.code ?? "conflict", message, verdict };
}
