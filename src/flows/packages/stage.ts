/** `/stage`: what the head holds is judged once more, and locked at this commit: a push un-stages it. */
import type { Bound } from "../../core/approval.ts";
import { digestOf } from "../../core/canonical.ts";
import type { ReleaseFact } from "../../core/gates/package-release.ts";
import { judgePackages } from "../../core/judgement.ts";
import type { Move } from "../../core/packages/activation.ts";
import { isPreRelease, parseVersion } from "../../core/packages/semver.ts";
import type { Policy } from "../../core/policy.ts";
import { blockedSentence } from "../../core/rendering/endings.ts";
import * as words from "../../core/rendering/packages/words.ts";
import { obstacles } from "../../core/verdict.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { PackageReleaseRow } from "../../ports/packages.ts";
import type { Tx } from "../../ports/store.ts";
import type { CommandOutcome, Deps } from "../deps.ts";
import { finish } from "../finish.ts";
import { change, move, namesOf, type Work } from "../work.ts";
import type { HeadJudgement, JudgedHead } from "./judge-head.ts";
import { createPackagesOperation } from "./operation.ts";
import { keepJudgement, keepReport, type PackagesDeps } from "./pull-request.ts";
import { type PackagesScene, packagesRows } from "./scene.ts";
import { showPackages } from "./show.ts";

export interface StageRequest {
  readonly scene: PackagesScene;
  readonly pull_request: PullRequest;
  readonly judged: Exclude<HeadJudgement, { kind: "elsewhere" }>;
  readonly requested_by: string;
  readonly comment_id: number;
  readonly reason: string;
}

/** Inside the transaction that claimed the command. */
export async function stage(deps: PackagesDeps, tx: Tx, request: StageRequest): Promise<CommandOutcome> {
  const { scene, pull_request, judged } = request;
  const { repository } = scene;
  await keepJudgement(deps, tx, { input: { repository, pull_request }, judged });
  const rows = await packagesRows(tx, deps.clock, repository);
  const moves = judged.kind === "judged" ? judged.moves : [];
  const packages = { moves, reason: request.reason, round: 0, commit: null };
  const created = await createPackagesOperation(deps, tx, { ...request, kind: "stage", rows, packages });
  const work = await move(created, "checks_started");
  const verdict = judgePackages(
    {
      kind: "stage",
      validation: judged.kind === "judged" ? judged.report : judged.why,
      release: {
        kind: "stage",
        releases: await factsOf(tx, work, moves),
        by_hand: judged.kind === "judged" ? judged.by_hand.map(({ id }) => `\`${id}\``) : [],
      },
      approval: { target: rows.target.name, kind: "promote", release: null, given: [] },
      checks: null,
    },
    { now: work.now, policy: scene.policy },
  );
  const judgedWork = await change(work, { verdict, policy_digest: digestOf(scene.policy) });
  if (verdict.outcome !== "pass" || judged.kind !== "judged") {
    const code = obstacles(verdict)[0]?.code ?? "blocked";
    await finish(judgedWork, {
      event: "blocked",
      code,
      message: blockedSentence(namesOf(work), verdict),
      actor: "bot",
    });
    return { kind: "blocked", operation_id: work.operation.id, verdict };
  }
  return lock(deps, judgedWork, { ...request, judged });
}

/** The moment from which on a push un-stages. */
async function lock(
  deps: Pick<Deps<never>, "clock">,
  work: Work,
  { scene, judged, pull_request, requested_by }: StageRequest & { readonly judged: JudgedHead },
): Promise<CommandOutcome> {
  const { tx, site } = work;
  const { number, head_sha } = pull_request;
  const report = await keepReport(deps, tx, { rows: { site, target: work.target }, number, judged });
  for (const row of await broughtRows(tx, work, judged)) {
    if (row.status !== "committed" && row.status !== "staged") continue;
    const staged = {
      status: "staged",
      report_id: report.id,
      staged_by: requested_by,
      staged_at: work.now,
    } as const;
    await tx.putPackageRelease({ ...row, ...staged, pull_request: number, head_sha });
  }
  const shown = { ...boundTo(judged.moves, head_sha, scene.policy), at: work.now };
  const done = await finish(await change(work, { shown }), {
    event: "finished",
    code: "done",
    message: words.stagedSentence(judged.moves, head_sha),
    actor: "bot",
  });
  const showing = { repository: scene.repository, site_id: site.id, pull_request: number, head_sha };
  await showPackages(deps, tx, { ...showing, state: "open", report });
  return {
    kind: "answered",
    answer: { code: "staged", sentences: [done.operation.result_message ?? ""], remedy: null },
  };
}

async function broughtRows(
  tx: Tx,
  { site }: Work,
  judged: JudgedHead,
): Promise<readonly PackageReleaseRow[]> {
  const found: PackageReleaseRow[] = [];
  for (const { root, kind, id, version } of judged.releases) {
    const asked = { site_id: site.id, root, kind, package: id, version };
    found.push(...(await tx.packageReleases(asked, { limit: 1 })));
  }
  return found;
}

async function factsOf(tx: Tx, { site }: Work, moves: readonly Move[]): Promise<readonly ReleaseFact[]> {
  const facts: ReleaseFact[] = [];
  for (const { root, kind, id, to, digest } of moves) {
    const asked = { site_id: site.id, root, kind, package: id, version: to };
    const [row] = await tx.packageReleases(asked, { limit: 1 });
    const parsed = parseVersion(to);
    facts.push({
      ...{
        id,
        version: to,
        state: row?.status ?? null,
        veto: row?.veto ?? null,
        same: row === undefined || row.digest === digest,
      },
      ...{ at_head: true, earlier: false, preview: parsed !== null && isPreRelease(parsed) },
    });
  }
  return facts;
}

/** What a yes to an activation is bound to: these contents, on top of what is active now, under this policy. */
export function boundTo(moves: readonly Move[], head_sha: string, policy: Policy): Bound {
  const of = <T>(what: (one: Move) => T) =>
    digestOf([...moves].sort((a, b) => (words.fullName(a) < words.fullName(b) ? -1 : 1)).map(what));
  return {
    head_sha,
    release: of(({ root, kind, id, to, digest }) => ({ root, kind, id, to, digest })),
    active_release: of(({ root, kind, id, from }) => ({ root, kind, id, from })),
    baseline: "",
    policy: digestOf(policy),
  };
}
