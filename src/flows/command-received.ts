/** A new comment on a pull request: whether it holds a command, whether the person may give it, and what it begins. */
import { type Admission, admit } from "../core/admission.ts";
import type { Answer } from "../core/answer.ts";
import { parseCommands } from "../core/commands.ts";
import { pairFor } from "../core/config/pairs.ts";
import { seesDetails } from "../core/policy.ts";
import type { Tx } from "../ports/store.ts";
import { actOnCommand } from "./command-act.ts";
import {
  type CommandDeps,
  type CommentInput,
  claimOf,
  type Loaded,
  loadCommand,
  policyOf,
} from "./command-loaded.ts";
import type { CommandOutcome } from "./deps.ts";
import { type Evidence, evidenceForCommand, evidenceOnHead, NO_EVIDENCE } from "./evidence.ts";
import { noticesFor } from "./merge-notices.ts";
import { answerIfSeenBefore } from "./seen-before.ts";
import { policyFor } from "./site.ts";

/** Acts once, however often the comment is delivered. @throws GithubError when GitHub could not tell: nothing was written. */
export async function commandReceived(deps: CommandDeps, input: CommentInput): Promise<CommandOutcome> {
  const loaded = await loadCommand(deps, input);
  if (!("comment" in loaded)) return loaded;

  const decision = await decide(deps, loaded);
  const evidence = await evidenceFor(deps, loaded, decision);
  const notices = await noticesOf(deps, loaded, decision);

  return deps.store.transaction(async (tx) => {
    if (decision.kind === "ignore") return { kind: "ignored", reason: decision.reason };
    if (!(await tx.claimOnce(claimOf(input), deps.clock.now())))
      return { kind: "ignored", reason: "seen before" };
    const seen = decision.kind === "act" ? await answerIfSeenBefore(tx, loaded.comment, decision.word) : null;
    const decided: typeof decision = seen === null ? decision : { kind: "answer", answer: seen };
    // An answer says more than a sign that the comment was seen.
    if (decided.kind !== "answer") await react(deps, tx, input);
    return actOnCommand({ deps, tx, loaded, evidence, notices }, decided);
  });
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
  // Strangers may ask for the status too, and cannot make the bot ask much of GitHub.
  if (command.kind === "status")
    return seesDetails(loaded.person.permission) ? evidenceOnHead(deps, about) : NO_EVIDENCE;
  if (command.kind !== "promote" && command.kind !== "rollback") return NO_EVIDENCE;
  return evidenceForCommand(deps, { ...about, kind: command.kind, approver: null });
}

async function noticesOf(deps: CommandDeps, loaded: Loaded, decision: Admission): Promise<readonly string[]> {
  const asked = decision.kind === "act" && decision.command.kind === "status";
  if (!asked || !seesDetails(loaded.person.permission)) return [];
  const { base_ref, head_ref, behind = false } = loaded.pull_request;
  return noticesFor(deps, loaded.input.repository, { head: head_ref, base: base_ref, behind });
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
