/** Does what an admitted command says, inside the transaction that claimed it: an answer, a lock, an operation. */
import type { Admission } from "../core/admission.ts";
import type { Answer } from "../core/answer.ts";
import type { Command } from "../core/commands.ts";
import { seesDetails } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import { renderHelp } from "../core/rendering/help.ts";
import type { Asked } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import { approve } from "./approve.ts";
import { cancelOnPullRequest } from "./cancel.ts";
import { type CommandDeps, type Loaded, policyOf } from "./command-loaded.ts";
import type { CommandOutcome } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { lockByPerson, unlockByPerson } from "./person-lock.ts";
import { syncSite } from "./site.ts";
import { startOperation } from "./start-operation.ts";
import { renderStatusOf } from "./status.ts";

interface Acting {
  readonly deps: CommandDeps;
  readonly tx: Tx;
  readonly loaded: Loaded;
  readonly evidence: Evidence;
}

export async function actOnCommand(
  acting: Acting,
  decision: Exclude<Admission, { kind: "ignore" }>,
): Promise<CommandOutcome> {
  const { deps, tx, loaded } = acting;
  const key = `comment:${loaded.input.comment_id}`;
  if (decision.kind === "answer") {
    await rememberHead(acting, decision.answer);
    await say(acting, answers.renderAnswer(decision.answer, key), key);
    return { kind: "answered", answer: decision.answer };
  }
  const { settings, input, comment } = loaded;
  if (settings === null) throw new Error("A command was admitted without a configuration.");
  if (decision.kind === "help") {
    const inForce = { policy: policyOf(settings, loaded.pull_request), from: settings.policy_from };
    await say(acting, renderHelp(inForce, answers.answerMarker(key)), key);
    return { kind: "answered", answer: { code: "help", sentences: [], remedy: null } };
  }
  const { word, source, target, head_sha } = decision;
  if (word === "status") {
    const pair = { source: source.name, target: target.name };
    const asked = {
      ...pair,
      settings,
      repository: input.repository,
      details: seesDetails(loaded.person.permission),
    };
    await say(acting, await renderStatusOf(deps, tx, { ...asked, marker: answers.answerMarker(key) }), key);
    return { kind: "answered", answer: { code: "status", sentences: [], remedy: null } };
  }
  const common = { repository: input.repository, settings, source, target, head_sha };
  if (word === "approve") {
    const { command } = decision;
    if (command.kind !== "approve") throw new Error("An approval was admitted as another command.");
    const given = { by: comment.author, at: comment.created_at, comment_id: input.comment_id };
    const { pull_request } = input;
    const answer = await approve(deps, tx, {
      ...common,
      pull_request,
      command,
      given,
      evidence: acting.evidence,
    });
    await say(acting, answers.renderAnswer(answer, key), key);
    return { kind: "answered", answer };
  }
  if (word === "cancel") {
    const where = { repository_id: input.repository.id, pull_request: input.pull_request };
    const answer = await cancelOnPullRequest(deps, tx, { ...where, login: comment.author });
    await say(acting, answers.renderAnswer(answer, key), key);
    return { kind: "answered", answer };
  }
  if (word === "lock" || word === "unlock") {
    const answer = await lockOrUnlock(acting, decision);
    await say(acting, answers.renderAnswer(answer, key), key);
    return { kind: "answered", answer };
  }
  const asked = askedBy(decision.command);
  const begun = { kind: word, asked, pull_request: input.pull_request, requested_by: comment.author };
  const { evidence } = acting;
  const { comment_id } = input;
  const how = { comment_id, run_id: null, on_records: false, evidence };
  return startOperation(deps, tx, { ...common, ...begun, ...how });
}

async function lockOrUnlock(
  { deps, tx, loaded }: Acting,
  { command, target }: Extract<Admission, { kind: "act" }>,
): Promise<Answer> {
  const { settings, input, comment } = loaded;
  if (settings === null) throw new Error("A command was admitted without a configuration.");
  const { repository, pull_request } = input;
  const { environments } = await syncSite(tx, deps.clock, { repository, config: settings.config });
  const row = environments.get(target.name);
  if (row === undefined) throw new Error("The target has no row.");
  const request = { target: row, pull_request, login: comment.author };
  return command.kind === "lock"
    ? lockByPerson(deps, tx, { ...request, reason: command.reason })
    : unlockByPerson(deps, tx, request);
}

/** What the command said after its word, as far as the operation keeps it. */
function askedBy(command: Command): Asked {
  return {
    full: command.kind === "drift" && command.full,
    accept: command.kind === "baseline" ? command.accept : null,
  };
}

/** A head that no webhook told of (it was lost, or the App came later): who comments after the answer has seen it. */
async function rememberHead({ deps, tx, loaded }: Acting, { code }: Answer): Promise<void> {
  if (code !== "head_unseen" && code !== "head_moved") return;
  const { input, pull_request } = loaded;
  const now = deps.clock.now();
  const head = { repository_id: input.repository.id, number: input.pull_request, sha: pull_request.head_sha };
  await tx.addHead({ ...head, changed_at: now, seen_at: now });
}

async function say({ deps, tx, loaded }: Acting, body: string, key: string): Promise<void> {
  const { repository, pull_request } = loaded.input;
  await tx.addEffect({
    id: deps.clock.id(),
    operation_id: null,
    repository,
    effect: { kind: "answer", pull_request, marker: answers.answerMarker(key), body },
    not_before: deps.clock.now(),
  });
}
