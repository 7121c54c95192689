/** A button of one of our checks was pressed: the command of that name, at the commit that the check belongs to. */
import { type Admission, admit } from "../core/admission.ts";
import type { Command } from "../core/commands.ts";
import { pairFor } from "../core/config/pairs.ts";
import { teamsOf } from "../core/policy.ts";
import * as answers from "../core/rendering/answers.ts";
import type { PullRequest } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { cancelOnPullRequest } from "./cancel.ts";
import { pullsAt } from "./checks-again.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForCommand, NO_EVIDENCE } from "./evidence.ts";
import { askPerson } from "./person.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings } from "./site.ts";
import { startOperation } from "./start-operation.ts";

export interface ClickInput {
  readonly repository: Repository;
  readonly check_run: {
    readonly id: number;
    readonly head_sha: string;
    /** `belay:<target>:<gate>`. */
    readonly external_id: string;
    /** Of the run as it was when the button was shown: a later state of the same run shows other buttons. */
    readonly completed_at: string;
  };
  readonly button: string;
  readonly login: string;
  readonly is_person: boolean;
}

type ClickDeps = Deps<SettingsReads | EvidenceReads | "pullRequest">;

/** Acts once for each click on a state of the check. @throws GithubError when GitHub could not tell: nothing was written */
export async function buttonClicked(deps: ClickDeps, input: ClickInput): Promise<CommandOutcome> {
  const command = commandOf(input);
  if (command === null || !input.is_person) return { kind: "ignored", reason: "not a person's click" };
  const loaded = await loadSettings(deps, input.repository);
  if (!loaded.ok) return { kind: "ignored", reason: "there is no configuration" };
  const clicked = await pullOf(deps, input, loaded.settings);
  if (clicked === null) return { kind: "ignored", reason: "no open pull request is at this commit" };
  const decision = await decide(deps, { ...clicked, input, command, settings: loaded.settings });
  const evidence = await evidenceFor(deps, { input, decision, settings: loaded.settings, ...clicked });

  return deps.store.transaction(async (tx) => {
    const { id, completed_at } = input.check_run;
    // Each person's own: who is refused does not use the button up for who may press it.
    const key = `click:${id}:${input.button}:${completed_at}:${input.login.toLowerCase()}`;
    if (!(await tx.claimOnce(key, deps.clock.now()))) return { kind: "ignored", reason: "seen before" };
    const settings = loaded.settings;
    return act({ deps, tx, input, settings, evidence, key, ...clicked }, decision);
  });
}

function commandOf({ button, check_run }: ClickInput): Command | null {
  switch (button) {
    case "promote":
      return { kind: "promote", sha: check_run.head_sha };
    case "drift":
      return { kind: "drift", full: false };
    case "cancel":
      return { kind: "cancel" };
    default:
      return null;
  }
}

interface Clicked {
  readonly pull: PullRequest;
}

/** A commit may be in several pull requests: the check's name says whose it is. */
async function pullOf(deps: ClickDeps, input: ClickInput, { config }: SiteSettings): Promise<Clicked | null> {
  const { repository, check_run } = input;
  for (const pull of await pullsAt(deps, { repository, head_sha: check_run.head_sha })) {
    const pair = pairFor(config, pull.base_ref, pull.head_ref);
    if (pair.ok && check_run.external_id.startsWith(`belay:${pair.target.name}:`)) return { pull };
  }
  return null;
}

interface Deciding extends Clicked {
  readonly input: ClickInput;
  readonly command: Command;
  readonly settings: SiteSettings;
}

async function decide(deps: ClickDeps, { input, command, settings, pull }: Deciding): Promise<Admission> {
  const { repository, login } = input;
  const pair = pairFor(settings.config, pull.base_ref, pull.head_ref);
  const policy = policyFor(settings, pair.ok ? pair.target.name : "");
  const word = command.kind === "promote" || command.kind === "drift" ? command.kind : "cancel";
  const person = await askPerson(deps, repository, { login, teams: teamsOf(policy.permissions[word]) });
  const at = pull.updated_at;
  const comment = { created_at: at, updated_at: at };
  const facts = { commands: [command], comment, person, repository_id: repository.id, heads: [], pair };
  return admit({ ...facts, pull_request: pull }, policy);
}

async function evidenceFor(
  deps: ClickDeps,
  { input, decision, settings, pull }: Omit<Deciding, "command"> & { readonly decision: Admission },
): Promise<Evidence> {
  if (decision.kind !== "act" || decision.word !== "promote") return NO_EVIDENCE;
  const { target, head_sha } = decision;
  const policy = policyFor(settings, target.name);
  const about = { repository: input.repository, policy, target: target.name, pull_request: pull.number };
  return evidenceForCommand(deps, {
    ...about,
    head_sha,
    kind: "promote",
    approver: null,
    author: pull.author,
  });
}

interface Acting extends Clicked {
  readonly deps: ClickDeps;
  readonly tx: Tx;
  readonly input: ClickInput;
  readonly settings: SiteSettings;
  readonly evidence: Evidence;
  readonly key: string;
}

async function act(acting: Acting, decision: Admission): Promise<CommandOutcome> {
  const { deps, tx, input, settings, evidence, pull } = acting;
  const { repository, login } = input;
  if (decision.kind === "answer") return say(acting, answers.ofButton(decision.answer));
  if (decision.kind !== "act") return { kind: "ignored", reason: "no command" };
  const { word, source, target, head_sha } = decision;
  if (word === "cancel") {
    const where = { repository_id: repository.id, pull_request: pull.number, login };
    return say(acting, await cancelOnPullRequest(deps, tx, where));
  }
  if (word !== "promote" && word !== "drift") return { kind: "ignored", reason: "no command of a button" };
  const about = { kind: word, repository, settings, source, target, head_sha, evidence };
  const how = { comment_id: null, run_id: null, on_records: false, asked: { full: false, accept: null } };
  return startOperation(deps, tx, { ...about, ...how, pull_request: pull.number, requested_by: login });
}

async function say(
  { deps, tx, input, pull, key }: Acting,
  answer: Extract<Admission, { kind: "answer" }>["answer"],
): Promise<CommandOutcome> {
  const marker = answers.answerMarker(key);
  const body = answers.renderAnswer(answer, key);
  await tx.addEffect({
    id: deps.clock.id(),
    operation_id: null,
    repository: input.repository,
    effect: { kind: "answer", pull_request: pull.number, marker, body },
    not_before: deps.clock.now(),
  });
  return { kind: "answered", answer };
}
