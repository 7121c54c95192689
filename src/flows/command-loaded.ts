/** What a command is judged by: its comment, the person's rights, the pull request, the settings. Who may not command costs little. */
import type { Answer } from "../core/answer.ts";
import { COMMANDS, parseCommands } from "../core/commands.ts";
import { pairFor } from "../core/config/pairs.ts";
import { allows, isListed, type Person, type Policy, teamsOf } from "../core/policy.ts";
import type { IssueComment, PullRequest } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import type { EvidenceReads } from "./evidence.ts";
import type { NoticeReads } from "./merge-notices.ts";
import { askPerson } from "./person.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings } from "./site.ts";

export interface CommentInput {
  readonly repository: Repository;
  readonly pull_request: number;
  readonly comment_id: number;
  /** The comment as it was when it was written; null: nobody told. */
  readonly told: string | null;
}

export type CommandDeps = Deps<"comment" | SettingsReads | EvidenceReads | NoticeReads>;

export interface Loaded {
  readonly input: CommentInput;
  readonly comment: IssueComment;
  readonly pull_request: PullRequest;
  readonly person: Person;
  readonly settings: SiteSettings | null;
  /** Why there are no settings. */
  readonly problem: Answer | null;
}

export async function loadCommand(deps: CommandDeps, input: CommentInput): Promise<Loaded | CommandOutcome> {
  const { repository } = input;
  const comment = await commentOf(deps, input);
  if (comment === null) return { kind: "ignored", reason: "the comment is gone" };
  if (!mayCommand(comment)) return { kind: "ignored", reason: "not written by a person" };
  if (parseCommands(comment.body).length === 0) return { kind: "ignored", reason: "no command" };
  const loaded = await loadSettings(deps, repository);
  const settings = loaded.ok ? loaded.settings : null;
  const asked = { input, comment, settings, problem: loaded.ok ? null : loaded.answer };
  // Whether a bot is heard is decided once and for ever, and records may be behind.
  const recorded = settings === null || comment.bot !== undefined ? null : await onRecord(deps, asked);
  if (recorded !== null && isRefused(asked, recorded)) return { ...asked, ...recorded };
  const pull_request = await deps.github.pullRequest(repository, input.pull_request);
  if (pull_request === null) return { kind: "ignored", reason: "not a pull request" };
  // Without settings nobody knows whether the policy names it: nothing is decided.
  if (isUnheard(asked, pull_request)) return settings === null ? NOT_NAMED : unheard(deps, input);
  const unmoved =
    recorded?.pull_request.base_ref === pull_request.base_ref &&
    recorded.pull_request.head_ref === pull_request.head_ref;
  const person = unmoved ? recorded.person : await askFor(deps, asked, pull_request);
  return { ...asked, pull_request, person };
}

/** A person, or an App in its own name, which the policy may name. An App in a person's name has been given none of their rights here. */
export const mayCommand = ({ author_type, bot }: IssueComment): boolean =>
  author_type === "User" || bot !== undefined;

/** Not even answered: two bots that answer each other would go on without end. */
function isUnheard({ comment: { bot }, settings }: AskedFor, pull: PullRequest): boolean {
  return bot !== undefined && (settings === null || !isListed(policyOf(settings, pull), bot));
}

/** Nor is it obeyed later, when its comment is delivered again and the policy has come to name the bot. */
async function unheard({ store, clock }: CommandDeps, input: CommentInput): Promise<CommandOutcome> {
  await store.transaction((tx) => tx.claimOnce(claimOf(input), clock.now()));
  return NOT_NAMED;
}

const NOT_NAMED: CommandOutcome = { kind: "ignored", reason: "a bot that the policy does not name" };

/** What a comment acts under, once. */
export const claimOf = ({ repository, comment_id }: CommentInput): string =>
  `comment:${repository.id}:${comment_id}`;

/**
 * The comment as it is now. Whoever may write to the repository may edit everybody's comments, and GitHub's clock counts seconds:
 * an edit in the very second of the comment shows in its text alone, which counts as an edit a moment later.
 */
export async function commentOf(
  { github }: Deps<"comment">,
  { repository, comment_id, told }: CommentInput,
): Promise<IssueComment | null> {
  const comment = await github.comment(repository, comment_id);
  if (comment === null || told === null || comment.body === told) return comment;
  const later = new Date(Date.parse(comment.created_at) + 1).toISOString();
  return comment.updated_at === comment.created_at ? { ...comment, updated_at: later } : comment;
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
export function policyOf(settings: SiteSettings, { base_ref, head_ref }: PullRequest): Policy {
  const pair = pairFor(settings.config, base_ref, head_ref);
  return policyFor(settings, pair.ok ? pair.target.name : "");
}
