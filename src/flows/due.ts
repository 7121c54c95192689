/**
 * What waits for its time or its turn: promotions in the queue, and operations whose next attempt is due. Each is judged anew, as
 * if it were asked for now: head, base, configuration, the person's right, gates.
 */

import { jobsOf } from "../core/operations.ts";
import { allows, ITSELF, type Person, teamsOf } from "../core/policy.ts";
import { startProgress } from "../core/progress.ts";
import { answerLine, notAllowed } from "../core/rendering/answers.ts";
import { cancelledSentence } from "../core/rendering/endings.ts";
import { environmentStillFits } from "../core/still-fits.ts";
import type { PullRequest } from "../ports/github.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import { beginWork, withNewRun } from "./begin.ts";
import type { Deps } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForCommand, NO_EVIDENCE } from "./evidence.ts";
import { type Ending, finish } from "./finish.ts";
import { askPerson } from "./person.ts";
import { unfit } from "./refuse-operation.ts";
import { FRESH_ATTEMPT } from "./retry.ts";
import { type LoadedSettings, loadSettings, policyFor, type SettingsReads } from "./site.ts";
import { allWaiting, tellPlace, waitingBefore } from "./turns.ts";
import { change, move, namesOf, openWork, record, type Work } from "./work.ts";

export type DueDeps = Deps<SettingsReads | EvidenceReads>;

/** Ids of operations that wait in the queue or whose next attempt is due; oldest first. */
export function dueOperations({
  store,
  clock,
}: Pick<DueDeps, "store" | "clock">): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    const waiting = await tx.operations({ states: ["waiting"] }, { limit: 500 });
    const now = Date.parse(clock.now());
    const due = ({ retry_at }: OperationRow) => retry_at !== null && Date.parse(retry_at) <= now;
    return [...(await allWaiting(tx)), ...waiting.filter(due)].map(({ id }) => id);
  });
}

export type DueOutcome = "begun" | "ended" | "waits";

/** @throws GithubError when asking again later can help: the operation goes on waiting */
export async function beginDue(deps: DueDeps, operation_id: string): Promise<DueOutcome> {
  if (!(await mayBegin(deps, operation_id))) return "waits";
  const fresh = await load(deps, operation_id);
  if (fresh === null) return "waits";
  return deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    if (work === null || !isDue(work)) return "waits";
    if (work.operation.queued_at !== null && (await heldNow(tx, work)) !== null) return "waits";
    const ending = objection(work, fresh) ?? (await noLongerFit(work));
    if (ending !== null) {
      await finish(work, ending);
      return "ended";
    }
    return begin(deps, work, fresh);
  });
}

const isDue = ({ operation, now }: Work): boolean =>
  operation.state === "waiting" &&
  (operation.queued_at !== null ||
    (operation.retry_at !== null && Date.parse(operation.retry_at) <= Date.parse(now)));

/** Asks GitHub nothing for one whose environments are held: its comment is told its place. */
async function mayBegin(deps: DueDeps, operation_id: string): Promise<boolean> {
  return deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    if (work === null || !isDue(work)) return false;
    if (work.operation.queued_at === null) return true;
    const held = await heldNow(tx, work);
    if (held === null && (await waitingBefore(work)).length === 0) return true;
    await tellPlace(work, held);
    return false;
  });
}

/** Who holds one of its environments, without taking them. */
async function heldNow(tx: Tx, { source, target, operation }: Work) {
  const ids = [source.id, target.id];
  const lock = (await tx.locks()).find((one) => ids.includes(one.environment_id));
  if (lock !== undefined) {
    const { environment_id, operation_id, acquired_at } = lock;
    return { by: "operation", held_by: operation_id, environment_id, since: acquired_at } as const;
  }
  for (const environment_id of ids) {
    const person = await tx.personLock(environment_id);
    if (person === null || person.login.toLowerCase() === operation.requested_by.toLowerCase()) continue;
    const { login, reason, acquired_at } = person;
    return { by: "person", environment_id, since: acquired_at, login, reason } as const;
  }
  return null;
}

interface Fresh {
  readonly settings: LoadedSettings;
  readonly pull_request: PullRequest | null;
  /** Null: nobody, Belay itself began it. */
  readonly person: Person | null;
  readonly evidence: Evidence;
}

async function load(deps: DueDeps, operation_id: string): Promise<Fresh | null> {
  const work = await deps.store.transaction((tx) => openWork(deps, tx, operation_id));
  if (work === null) return null;
  const { operation, site, target } = work;
  const { repository } = site;
  const number = operation.pull_request;
  const pull_request = number === null ? null : await deps.github.pullRequest(repository, number);
  const settings = await loadSettings(deps, repository);
  if (!settings.ok) return { settings, pull_request, person: null, evidence: NO_EVIDENCE };
  const policy = policyFor(settings.settings, target.name);
  const teams = teamsOf(policy.permissions[operation.kind]);
  const login = operation.requested_by;
  const person = login === ITSELF ? null : await askPerson(deps, repository, { login, teams });
  const { kind, head_sha } = operation;
  const judged = number !== null && (kind === "promote" || kind === "rollback");
  const author = pull_request?.author ?? null;
  const about = { repository, policy, target: target.name, head_sha, author, approver: null };
  const evidence = judged
    ? await evidenceForCommand(deps, { ...about, pull_request: number, kind })
    : NO_EVIDENCE;
  return { settings, pull_request, person, evidence };
}

/** Why it may not begin any more; null: it may. What waited in the queue is bound to the settings of now. */
function objection(work: Work, { settings, pull_request, person }: Fresh): Ending | null {
  const { operation, source, target } = work;
  const actor = "bot";
  if (!settings.ok) {
    const { code, sentences } = settings.answer;
    return { event: "failed", code, message: sentences.join(" "), actor };
  }
  const leave = person && allows(policyFor(settings.settings, target.name), operation.kind, person);
  if (leave !== null && !leave.ok) {
    const answer = notAllowed(operation.kind, leave);
    return { event: "blocked", code: answer.code, message: answerLine(answer), actor };
  }
  const stop =
    operation.cancel_reason ??
    environmentStillFits({
      kind: operation.kind,
      has_pull_request: operation.pull_request !== null,
      head_sha: operation.head_sha,
      settings_digest: operation.queued_at === null ? operation.settings_digest : settings.settings.digest,
      branches: { head: source.branch, base: target.branch },
      pull_request,
      digest_now: settings.settings.digest,
    });
  if (stop === null) return null;
  return { event: "cancelled", code: "cancelled", message: cancelledSentence(namesOf(work), stop), actor };
}

/** Its checks and its comment have said that it waits: unlike a command that is refused at once, it has an end to tell. */
async function noLongerFit(work: Work): Promise<Ending | null> {
  const answer = await unfit(work);
  if (answer === null) return null;
  return { event: "blocked", code: answer.code, message: answerLine(answer), actor: "bot" };
}

async function begin(deps: DueDeps, before: Work, { settings, evidence }: Fresh): Promise<DueOutcome> {
  if (!settings.ok) throw new Error("An operation was to begin without settings.");
  const work = await anew(before, settings.settings.digest);
  const begun = await beginWork(deps, work, { settings: settings.settings, evidence, on_records: false });
  if (begun.kind === "held") throw new Error("The environments were taken in this very transaction.");
  return begun.kind === "started" ? "begun" : "ended";
}

/** From the start: an attempt of its own, with a run of its own. */
async function anew(before: Work, settings_digest: string): Promise<Work> {
  const { operation } = before;
  const again = operation.queued_at === null;
  const reset = await change(before, {
    ...FRESH_ATTEMPT,
    queued_at: null,
    settings_digest,
    attempt: operation.attempt + (again ? 1 : 0),
    baseline_id: again ? operation.baseline_id : await newestBaseline(before),
    progress: startProgress(jobsOf(operation.kind, false).map((job) => job.type)),
  });
  const work = await move(await withNewRun(reset), "begun_again");
  const reason = again ? `attempt ${work.operation.attempt}` : "its turn";
  await record(work, { actor: "bot", action: "begun_again", reason });
  return work;
}

/** What was refreshed while it waited counts. */
async function newestBaseline({ tx, source, target }: Work): Promise<string | null> {
  return (await tx.baselineOf(source.id, target.id))?.id ?? null;
}
