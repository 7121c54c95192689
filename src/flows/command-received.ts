/** A new comment on a pull request: whether it holds a command, whether the person may give it, and what it begins. */
import { type Admission, admit } from "../core/admission.ts";
import type { Answer } from "../core/answer.ts";
import { COMMANDS, type Command, parseCommands } from "../core/commands.ts";
import { pairFor } from "../core/config/pairs.ts";
import { allows, type Person, type Policy, seesDetails, teamsOf } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import { renderHelp } from "../core/rendering/help.ts";
import type { IssueComment, PullRequest } from "../ports/github.ts";
import type { Asked } from "../ports/operations.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { approve } from "./approve.ts";
import { cancelOnPullRequest } from "./cancel.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForCommand, NO_EVIDENCE } from "./evidence.ts";
import { askPerson } from "./person.ts";
import { lockByPerson, unlockByPerson } from "./person-lock.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings, syncSite } from "./site.ts";
import { startOperation } from "./start-operation.ts";
import { renderStatusOf } from "./status.ts";

export interface CommentInput {
  readonly repository: Repository;
  readonly pull_request: number;
  readonly comment_id: number;
}

type CommandDeps = Deps<"comment" | SettingsReads | EvidenceReads>;

/** Acts once, however often the comment is delivered. @throws GithubError when GitHub could not tell: nothing was written. */
export async function commandReceived(deps: CommandDeps, input: CommentInput): Promise<CommandOutcome> {
  const loaded = await load(deps, input);
  if (!("comment" in loaded)) return loaded;

  const decision = await decide(deps, loaded);
  const evidence = await evidenceFor(deps, loaded, decision);

  return deps.store.transaction(async (tx) => {
    if (decision.kind === "ignore") return { kind: "ignored", reason: decision.reason };
    const key = `comment:${input.repository.id}:${input.comment_id}`;
    if (!(await tx.claimOnce(key, deps.clock.now()))) return { kind: "ignored", reason: "seen before" };
    // An answer says more than a sign that the comment was seen.
    if (decision.kind !== "answer") await react(deps, tx, input);
    return act({ deps, tx, loaded, evidence }, decision);
  });
}

interface Loaded {
  readonly input: CommentInput;
  readonly comment: IssueComment;
  readonly pull_request: PullRequest;
  readonly person: Person;
  readonly settings: SiteSettings | null;
  /** Why there are no settings. */
  readonly problem: Answer | null;
}

async function load(deps: CommandDeps, input: CommentInput): Promise<Loaded | CommandOutcome> {
  const { repository } = input;
  const comment = await deps.github.comment(repository, input.comment_id);
  if (comment === null) return { kind: "ignored", reason: "the comment is gone" };
  if (comment.author_type !== "User") return { kind: "ignored", reason: "not written by a person" };
  if (parseCommands(comment.body).length === 0) return { kind: "ignored", reason: "no command" };
  const loaded = await loadSettings(deps, repository);
  const settings = loaded.ok ? loaded.settings : null;
  const asked = { input, comment, settings, problem: loaded.ok ? null : loaded.answer };
  const recorded = settings === null ? null : await onRecord(deps, asked);
  if (recorded !== null && isRefused(asked, recorded)) return { ...asked, ...recorded };
  const pull_request = await deps.github.pullRequest(repository, input.pull_request);
  if (pull_request === null) return { kind: "ignored", reason: "not a pull request" };
  const unmoved =
    recorded?.pull_request.base_ref === pull_request.base_ref &&
    recorded.pull_request.head_ref === pull_request.head_ref;
  const person = unmoved ? recorded.person : await askFor(deps, asked, pull_request);
  return { ...asked, pull_request, person };
}

type AskedFor = Pick<Loaded, "input" | "comment" | "settings">;
type Recorded = Pick<Loaded, "pull_request" | "person">;

/** The pull request as webhooks told of it, without its head, and the person's rights there. */
async function onRecord(deps: CommandDeps, asked: AskedFor): Promise<Recorded | null> {
  const { repository, pull_request: number } = asked.input;
  const row = await deps.store.transaction((tx) => tx.pullRequest(repository.id, number));
  if (row === null) return null;
  const pull_request = { ...row, head_sha: "", updated_at: "" };
  return { pull_request, person: await askFor(deps, asked, pull_request) };
}

/** A refusal needs no more than what is on record: who may not command cannot make the bot ask much of GitHub. */
function isRefused({ settings, comment }: AskedFor, { pull_request, person }: Recorded): boolean {
  const [command, ...more] = parseCommands(comment.body);
  const word = COMMANDS.find((known) => known === command?.kind);
  if (settings === null || word === undefined || word === "help" || more.length > 0) return false;
  const pair = pairFor(settings.config, pull_request.base_ref, pull_request.head_ref);
  return pair.ok && !allows(policyOf(settings, pull_request), word, person).ok;
}

async function askFor(
  deps: CommandDeps,
  { input, comment, settings }: AskedFor,
  pull_request: PullRequest,
): Promise<Person> {
  const teams = settings === null ? [] : teamsThatMatter(settings, pull_request, comment.body);
  return askPerson(deps, input.repository, { login: comment.author, teams });
}

/** Those that the policy names for the command. */
function teamsThatMatter(settings: SiteSettings, pull: PullRequest, body: string): readonly string[] {
  const kind = parseCommands(body)[0]?.kind;
  const word = COMMANDS.find((known) => known === kind);
  return word === undefined ? [] : teamsOf(policyOf(settings, pull).permissions[word]);
}

/** The policy of the target that the pull request is about. */
function policyOf(settings: SiteSettings, { base_ref, head_ref }: PullRequest): Policy {
  const pair = pairFor(settings.config, base_ref, head_ref);
  return policyFor(settings, pair.ok ? pair.target.name : "");
}

async function decide(deps: CommandDeps, loaded: Loaded): Promise<Admission> {
  const { input, comment, pull_request, person, settings, problem } = loaded;
  const commands = parseCommands(comment.body);
  if (settings === null) return withoutSettings(commands[0]?.kind ?? "unknown", problem);
  const heads = await deps.store.transaction((tx) => tx.headsOf(input.repository.id, input.pull_request));
  const pair = pairFor(settings.config, pull_request.base_ref, pull_request.head_ref);
  const facts = {
    commands,
    comment,
    person,
    repository_id: input.repository.id,
    pull_request,
    heads,
    pair,
  };
  return admit(facts, policyOf(settings, pull_request));
}

/** What GitHub says that the command is judged by, beside who gave it. */
async function evidenceFor(deps: CommandDeps, loaded: Loaded, decision: Admission): Promise<Evidence> {
  const { settings, input, comment } = loaded;
  if (decision.kind !== "act" || settings === null) return NO_EVIDENCE;
  const { command, target, head_sha } = decision;
  const { repository, pull_request } = input;
  const policy = policyFor(settings, target.name);
  const { author } = loaded.pull_request;
  const about = { repository, policy, target: target.name, pull_request, head_sha, author };
  if (command.kind === "approve") {
    return evidenceForCommand(deps, { ...about, kind: command.what, approver: comment.author });
  }
  if (command.kind !== "promote" && command.kind !== "rollback") return NO_EVIDENCE;
  return evidenceForCommand(deps, { ...about, kind: command.kind, approver: null });
}

/** Where Belay is not set up, another bot's commands are not ours to answer. */
function withoutSettings(kind: string, problem: Answer | null): Admission {
  if (kind === "unknown" || problem === null) return { kind: "ignore", reason: "not set up here" };
  return { kind: "answer", answer: problem };
}

async function react(deps: CommandDeps, tx: Tx, { repository, comment_id }: CommentInput): Promise<void> {
  await tx.addEffect({
    id: deps.clock.id(),
    operation_id: null,
    repository,
    effect: { kind: "reaction", comment_id, content: "eyes" },
    not_before: deps.clock.now(),
  });
}

interface Acting {
  readonly deps: CommandDeps;
  readonly tx: Tx;
  readonly loaded: Loaded;
  readonly evidence: Evidence;
}

async function act(
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
