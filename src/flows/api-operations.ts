/** The API's ways to begin work: a drift check, a promotion, a backup. Each does what the command of that name does. */
import * as answers from "../core/rendering/answers.ts";
import type { PullRequest } from "../ports/github.ts";
import { answeredBefore, answerOnce, type Once } from "./api-once.ts";
import {
  type ApiFlowDeps,
  type ApiOutcome,
  answered,
  forbidden,
  loadScene,
  onPath,
  pullRequestOf,
  refuse,
  type Scene,
  type Step,
  stepFrom,
} from "./api-scene.ts";
import { type Evidence, evidenceForCommand, NO_EVIDENCE } from "./evidence.ts";
import { configured } from "./input-of.ts";
import { policyFor } from "./site.ts";
import { startOperation } from "./start-operation.ts";

export interface ApiInput {
  readonly environment_id: string;
  /** Login of the person whose token was checked. */
  readonly actor: string;
  readonly once: Once | null;
}

/** Compares the target of this source's step with their baseline. */
export async function apiDriftCheck(deps: ApiFlowDeps, input: ApiInput): Promise<ApiOutcome> {
  const before = await answeredBefore(deps, input);
  if (before !== null) return before;
  const scene = await loadScene(deps, input.environment_id);
  if (scene.kind === "refused") return scene;
  const { name } = scene.environment;
  const target = onPath(scene.settings, name, 1);
  const leave = { actor: input.actor, word: "drift", target: target?.name ?? "" } as const;
  const no = await forbidden(deps, scene, leave);
  if (no !== null) return no;
  if (target === null) return refuse(409, answers.noPair(name, "the end of the path"));
  const step = stepFrom(scene, target);
  const pull = await pullRequestOf(deps, scene.site, step);
  return begin(deps, { input, scene, step, pull, kind: "drift", evidence: NO_EVIDENCE });
}

/**
 * Promotes if every gate that can be judged from records is open: the newest drift check of this baseline, at most 15
 * minutes old, and a fresh, proven backup. The run compares again before it changes anything.
 */
export async function apiPromote(
  deps: ApiFlowDeps,
  input: ApiInput & { readonly target_environment_id: string },
): Promise<ApiOutcome> {
  const before = await answeredBefore(deps, input);
  if (before !== null) return before;
  const scene = await loadScene(deps, input.environment_id);
  if (scene.kind === "refused") return scene;
  const { site, settings, environment } = scene;
  const target = onPath(settings, environment.name, 1);
  const leave = { actor: input.actor, word: "promote", target: target?.name ?? "" } as const;
  const no = await forbidden(deps, scene, leave);
  if (no !== null) return no;
  const row = await deps.store.transaction((tx) => tx.environment(input.target_environment_id));
  if (row === null || row.site_id !== site.id) return refuse(404, answers.notFound("target environment"));
  if (target?.name !== row.name) return refuse(409, answers.noPair(environment.name, row.name));
  const step = stepFrom(scene, target);
  const pull = await pullRequestOf(deps, site, step);
  if (pull === null) return refuse(409, answers.noPullRequest(environment.name, target.name));
  const evidence = await evidenceForCommand(deps, {
    repository: site.repository,
    policy: policyFor(settings, target.name),
    target: target.name,
    pull_request: pull.number,
    head_sha: pull.head_sha,
    author: pull.author,
    kind: "promote",
    approver: null,
  });
  return begin(deps, { input, scene, step, pull, kind: "promote", evidence });
}

/** Backs this environment up: one that something is promoted to. */
export async function apiBackup(deps: ApiFlowDeps, input: ApiInput): Promise<ApiOutcome> {
  const before = await answeredBefore(deps, input);
  if (before !== null) return before;
  const scene = await loadScene(deps, input.environment_id);
  if (scene.kind === "refused") return scene;
  const { name } = scene.environment;
  const no = await forbidden(deps, scene, { actor: input.actor, word: "backup", target: name });
  if (no !== null) return no;
  const source = onPath(scene.settings, name, -1);
  if (source === null) return refuse(409, answers.noTarget(name));
  const step = { source, target: configured(scene.settings, name) };
  const pull = await pullRequestOf(deps, scene.site, step);
  return begin(deps, { input, scene, step, pull, kind: "backup", evidence: NO_EVIDENCE });
}

interface Begin {
  readonly input: ApiInput;
  readonly scene: Scene;
  readonly step: Step;
  readonly pull: PullRequest | null;
  readonly kind: "drift" | "promote" | "backup";
  readonly evidence: Evidence;
}

async function begin(deps: ApiFlowDeps, asked: Begin): Promise<ApiOutcome> {
  const { input, scene, step, pull, kind, evidence } = asked;
  return answerOnce(deps, input, async (tx) =>
    answered(
      await startOperation(deps, tx, {
        ...step,
        kind,
        settings: scene.settings,
        repository: scene.site.repository,
        pull_request: pull?.number ?? null,
        head_sha: pull?.head_sha ?? "",
        requested_by: input.actor,
        comment_id: null,
        run_id: null,
        asked: { full: false, accept: null },
        on_records: kind === "promote",
        evidence,
      }),
    ),
  );
}
