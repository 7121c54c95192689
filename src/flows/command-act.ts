/** Does what an admitted command says, inside the transaction that claimed it: an answer, a lock, an operation. */
import type { Admission } from "../core/admission.ts";
import type { Answer } from "../core/answer.ts";
import type { Command } from "../core/commands.ts";
import { seesDetails } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import { renderHelp } from "../core/rendering/help.ts";
import { SEEN_BEFORE } from "../core/rendering/restored.ts";
import { OperationKind } from "../core/vocabulary.ts";
import type { Asked } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import { approve } from "./approve.ts";
import { cancelOnPullRequest } from "./cancel.ts";
import { type CommandDeps, type Loaded, policyOf } from "./command-loaded.ts";
import type { CommandOutcome } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { lockByPerson, unlockByPerson } from "./person-lock.ts";
import { type SiteSettings, syncSite } from "./site.ts";
import { startOperation } from "./start-operation.ts";
import { renderStatusOf } from "./status.ts";

interface Acting {
  readonly deps: CommandDeps;
  readonly tx: Tx;
  readonly loaded: Loaded;
  readonly evidence: Evidence;
  /** For `/status`: settings of the repository that break environment pull requests. */
  readonly notices: readonly string[];
}
interface Settled extends Acting {
  readonly settings: SiteSettings;
}
type Decided = Exclude<Admission, { kind: "ignore" }>;
type Act = Extract<Admission, { kind: "act" }>;

export async function actOnCommand(acting: Acting, decision: Decided): Promise<CommandOutcome> {
  if (decision.kind === "answer") {
    await rememberHead(acting, decision.answer);
    return reply(acting, decision.answer);
  }
  const { settings } = acting.loaded;
  if (settings === null) throw new Error("A command was admitted without a configuration.");
  const settled = { ...acting, settings };
  return decision.kind === "help" ? help(settled) : carryOut(settled, decision);
}

async function carryOut(acting: Settled, decision: Act): Promise<CommandOutcome> {
  switch (decision.word) {
    case "status":
      return status(acting, decision);
    case "approve":
      return reply(acting, await approval(acting, decision));
    case "cancel":
      return reply(acting, await cancelled(acting));
    case "lock":
    case "unlock":
      return reply(acting, await lockOrUnlock(acting, decision));
    default:
      return start(acting, { ...decision, word: OperationKind.parse(decision.word) });
  }
}

async function help(acting: Settled): Promise<CommandOutcome> {
  const { settings, loaded } = acting;
  const inForce = { policy: policyOf(settings, loaded.pull_request), from: settings.policy_from };
  const key = keyOf(acting);
  await say(acting, renderHelp(inForce, answers.answerMarker(key)), key);
  return { kind: "answered", answer: { code: "help", sentences: [], remedy: null } };
}

async function status(acting: Settled, { source, target, head_sha }: Act): Promise<CommandOutcome> {
  const { deps, tx, loaded, settings, notices } = acting;
  const details = seesDetails(loaded.person.permission);
  const { repository, pull_request } = loaded.input;
  const asked = { repository, pull_request, head_sha, settings, source: source.name, target: target.name };
  const evidence = details ? acting.evidence : null;
  const key = keyOf(acting);
  const marker = answers.answerMarker(key);
  await say(acting, await renderStatusOf(deps, tx, { ...asked, details, evidence, notices, marker }), key);
  return { kind: "answered", answer: { code: "status", sentences: [], remedy: null } };
}

async function approval(acting: Settled, { command, ...about }: Act): Promise<Answer> {
  if (command.kind !== "approve") throw new Error("An approval was admitted as another command.");
  const { deps, tx, loaded, settings, evidence } = acting;
  const { repository, pull_request, comment_id } = loaded.input;
  const given = { by: loaded.comment.author, at: loaded.comment.created_at, comment_id };
  const { source, target, head_sha } = about;
  const common = { repository, settings, source, target, head_sha, pull_request };
  return approve(deps, tx, { ...common, command, given, evidence });
}

function cancelled({ deps, tx, loaded }: Settled): Promise<Answer> {
  const { repository, pull_request } = loaded.input;
  const where = { repository_id: repository.id, pull_request };
  return cancelOnPullRequest(deps, tx, { ...where, login: loaded.comment.author });
}

async function lockOrUnlock(
  { deps, tx, loaded, settings }: Settled,
  { command, target }: Act,
): Promise<Answer> {
  const { repository, pull_request } = loaded.input;
  const { environments } = await syncSite(tx, deps.clock, { repository, config: settings.config });
  const row = environments.get(target.name);
  if (row === undefined) throw new Error("The target has no row.");
  const request = { target: row, pull_request, login: loaded.comment.author };
  return command.kind === "lock"
    ? lockByPerson(deps, tx, { ...request, reason: command.reason })
    : unlockByPerson(deps, tx, request);
}

type Starting = Act & { readonly word: OperationKind };

function start(
  acting: Settled,
  { word, command, source, target, head_sha }: Starting,
): Promise<CommandOutcome> {
  const { deps, tx, loaded, settings, evidence } = acting;
  const { repository, pull_request, comment_id } = loaded.input;
  const common = { repository, settings, source, target, head_sha };
  const begun = { kind: word, asked: askedBy(command), pull_request, requested_by: loaded.comment.author };
  const how = { comment_id, run_id: null, on_records: false, evidence };
  return startOperation(deps, tx, { ...common, ...begun, ...how });
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

async function reply(acting: Acting, answer: Answer): Promise<CommandOutcome> {
  // What was answered before the store was put back stays; this is one more.
  const key = answer.code === SEEN_BEFORE ? `restored:${acting.loaded.input.comment_id}` : keyOf(acting);
  await say(acting, answers.renderAnswer(answer, key), key);
  return { kind: "answered", answer };
}

/** What the comment's answer is found again by. */
const keyOf = ({ loaded }: Acting): string => `comment:${loaded.input.comment_id}`;

async function say({ deps, tx, loaded }: Acting, body: string, key: string): Promise<void> {
  const { repository, pull_request } = loaded.input;
  const marker = answers.answerMarker(key);
  await tx.addEffect({
    id: deps.clock.id(),
    operation_id: null,
    repository,
    effect: { kind: "answer", pull_request, marker, body },
    not_before: deps.clock.now(),
  });
}
