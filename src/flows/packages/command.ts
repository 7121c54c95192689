/** A command on packages, in a comment: who gave it, what it is about, and what it begins. */
import { isAboutPackages, refusal } from "../../core/admission.ts";
import type { Answer } from "../../core/answer.ts";
import { COMMANDS, type Command, type NamedPackage, parseCommands } from "../../core/commands.ts";
import { visibleLines } from "../../core/markdown.ts";
import { isListed, type Person, type Policy, teamsOf } from "../../core/policy.ts";
import * as answers from "../../core/rendering/answers.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import { cancelOnPullRequest } from "../cancel.ts";
import { type CommentInput, claimOf, commentOf, mayCommand } from "../command-loaded.ts";
import type { CommandOutcome } from "../deps.ts";
import { askPerson } from "../person.ts";
import { answerIfSeenBefore } from "../seen-before.ts";
import { type Begin, begin } from "./begin.ts";
import type { Loaded, PackagesCommandDeps } from "./loaded.ts";
import { loadPackages, packagesRowsOf } from "./scene.ts";
import { emitFor } from "./show.ts";

/** What may be about packages on a pull request that is no environment's. */
const OWN_WORDS: readonly Command["kind"][] = [
  ...(["stage", "activate", "rollback", "veto", "plan", "status", "approve", "cancel", "lock"] as const),
  ...(["unlock", "help"] as const),
];

/** Null: not about packages, somebody else's to answer. Acts once. @throws GithubError: nothing was written */
export async function packagesCommand(
  deps: PackagesCommandDeps,
  input: CommentInput,
): Promise<CommandOutcome | null> {
  const loaded = await load(deps, input);
  if (loaded === null) return null;
  const admitted = await admit(deps, loaded);
  const found = "answer" in admitted ? null : await begin(deps, { ...loaded, ...admitted });
  const say = async (tx: Tx, answer: Answer): Promise<CommandOutcome> => {
    await write(deps, tx, loaded, answers.renderAnswer(answer, `comment:${input.comment_id}`));
    return { kind: "answered", answer };
  };

  return deps.store.transaction(async (tx) => {
    if (!(await tx.claimOnce(claimOf(input), deps.clock.now())))
      return { kind: "ignored", reason: "seen before" };
    if ("answer" in admitted) return say(tx, admitted.answer);
    const seen = await answerIfSeenBefore(tx, loaded.comment, admitted.command.kind);
    if (seen !== null) return say(tx, seen);
    await emitFor(deps, tx, input.repository, {
      kind: "reaction",
      comment_id: input.comment_id,
      content: "eyes",
    });
    if (found === null) return say(tx, await cancel(deps, tx, loaded));
    return found(tx, { say: (answer) => say(tx, answer), write: (body) => write(deps, tx, loaded, body) });
  });
}

/** Without a request to GitHub where the store knows of no packages in this repository. */
async function load(deps: PackagesCommandDeps, input: CommentInput): Promise<Loaded | null> {
  const { repository } = input;
  const known = await deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, repository.id);
    const pull = await tx.pullRequest(repository.id, input.pull_request);
    return rows !== null && pull?.base_ref === repository.default_branch;
  });
  if (!known) return null;
  const comment = await commentOf(deps, input);
  if (comment === null || !mayCommand(comment)) return null;
  const commands = parseCommands(comment.body);
  const [command] = commands;
  if (command === undefined || !mayBeOurs(command)) return null;
  const pull_request = await deps.github.pullRequest(repository, input.pull_request);
  if (pull_request?.base_ref !== repository.default_branch) return null;
  if (!isAboutPackages(command) && (await isEnvironments(deps, { repository, pull_request }))) return null;
  const packages = await loadPackages(deps, repository);
  const { bot } = comment;
  // Nor the site's to answer: it hears what its own policy names.
  if (bot !== undefined && !(packages?.ok && isListed(packages.scene.policy, bot))) return null;
  return packages === null ? null : { input, comment, pull_request, commands, packages };
}

function mayBeOurs(command: Command): boolean {
  return (
    OWN_WORDS.includes(command.kind) || (command.kind === "bad_argument" && OWN_WORDS.includes(command.word))
  );
}

/** Whether the branch is one of a site's environments: its own commands are the site's then. */
async function isEnvironments(
  deps: PackagesCommandDeps,
  { repository, pull_request }: { readonly repository: Repository; readonly pull_request: PullRequest },
): Promise<boolean> {
  return deps.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(repository.id);
    const rows = site === null ? [] : await tx.environmentsOf(site.id);
    return rows.some(({ branch }) => branch === pull_request.base_ref);
  });
}

type Admitted = { readonly answer: Answer } | (Begin & { readonly person: Person });

async function admit(deps: PackagesCommandDeps, loaded: Loaded): Promise<Admitted> {
  const { packages, commands, comment, pull_request, input } = loaded;
  const [command] = commands;
  if (!packages.ok) return { answer: packages.answer };
  const { scene } = packages;
  if (command === undefined) throw new Error("A comment without a command was taken for one.");
  if (comment.created_at !== comment.updated_at) return { answer: answers.edited() };
  if (commands.length > 1) return { answer: answers.severalCommands() };
  if (command.kind === "unknown" || command.kind === "not_available" || command.kind === "bad_argument") {
    return { answer: answers.misunderstood(command) };
  }
  const teams = teamsFor(scene.policy, command.kind);
  const person = await askPerson(deps, input.repository, { login: comment.author, teams });
  const heads = await deps.store.transaction((tx) => tx.headsOf(input.repository.id, input.pull_request));
  // Who may say yes to an activation may do so after the merge, too: what it is bound to is shown until then.
  const open = command.kind === "approve" && pull_request.state === "merged";
  const seen = open ? { ...pull_request, state: "open" as const } : pull_request;
  const facts = { comment, person, repository_id: input.repository.id, pull_request: seen, heads };
  const problem = refusal(facts, scene.policy, command);
  if (problem !== null) return { answer: problem };
  if (command.kind === "activate" && pull_request.state !== "merged") {
    return { answer: words.notMerged(pull_request.state) };
  }
  const named: readonly NamedPackage[] = command.kind === "rollback" ? (command.packages ?? []) : [];
  if (command.kind === "rollback" && named.length === 0) return { answer: words.namePackages() };
  return { command, named, scene, person, reason: reasonOf(comment.body, pull_request) };
}

const teamsFor = (policy: Policy, kind: Command["kind"]): readonly string[] => {
  const word = COMMANDS.find((known) => known === kind);
  return word === undefined ? [] : teamsOf(policy.permissions[word]);
};

/** What the comment says beside its command; else what the pull request is called. */
function reasonOf(body: string, { title }: PullRequest): string {
  const lines = visibleLines(body).filter((line) => parseCommands(line).length === 0);
  const said = lines.join(" ").replace(/\s+/g, " ").trim();
  return (said === "" ? title : said).slice(0, 300);
}

async function cancel(deps: PackagesCommandDeps, tx: Tx, { input, comment }: Loaded): Promise<Answer> {
  const where = { repository_id: input.repository.id, pull_request: input.pull_request };
  return cancelOnPullRequest(deps, tx, { ...where, login: comment.author });
}

async function write(deps: PackagesCommandDeps, tx: Tx, { input }: Loaded, body: string): Promise<void> {
  const marker = answers.answerMarker(`comment:${input.comment_id}`);
  const { repository, pull_request } = input;
  await emitFor(deps, tx, repository, { kind: "answer", pull_request, marker, body });
}
