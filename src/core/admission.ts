/** Whether a comment's command may act, judged from facts alone: who, on which pull request, at which commit. */
import type { Answer } from "./answer.ts";
import type { Command, CommandWord } from "./commands.ts";
import type { Pair, SiteEnvironment } from "./config/types.ts";
import { boundToHead } from "./operations.ts";
import { allows, type Person, type Policy } from "./policy.ts";
import * as answers from "./rendering/answers.ts";
import { OperationKind } from "./vocabulary.ts";

export interface AdmissionFacts {
  readonly commands: readonly Command[];
  readonly comment: { readonly created_at: string; readonly updated_at: string };
  readonly person: Person;
  readonly repository_id: number;
  readonly pull_request: {
    readonly state: "open" | "closed" | "merged";
    readonly head_sha: string;
    readonly head_repository_id: number | null;
  };
  /** Heads that webhooks told of, oldest first. */
  readonly heads: readonly { readonly sha: string; readonly changed_at: string }[];
  /** From the configuration on the default branch. */
  readonly pair: Pair;
}

export type Admission =
  | { readonly kind: "ignore"; readonly reason: string }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "help" }
  | {
      readonly kind: "act";
      readonly word: Exclude<CommandWord, "help">;
      readonly command: Acting;
      readonly head_sha: string;
      readonly source: SiteEnvironment;
      readonly target: SiteEnvironment;
    };

/** Commands that still work after the pull request was merged or closed. */
const AFTERWARDS: readonly CommandWord[] = [
  "rollback",
  "activate",
  "veto",
  "cancel",
  "lock",
  "unlock",
  "status",
  "help",
];

export function admit(facts: AdmissionFacts, policy: Policy): Admission {
  const { commands, pair } = facts;
  const [command] = commands;
  if (command === undefined) return { kind: "ignore", reason: "no command" };
  const elsewhere = !pair.ok && pair.reason === "not_governed";
  if (elsewhere && command.kind === "unknown") return { kind: "ignore", reason: "not our pull request" };
  if (facts.comment.created_at !== facts.comment.updated_at) return refuse(answers.edited());
  if (commands.length > 1) return refuse(answers.severalCommands());
  if (command.kind === "unknown" || command.kind === "not_available" || command.kind === "bad_argument") {
    return refuse(answers.misunderstood(command));
  }
  if (command.kind === "help") return { kind: "help" };
  if (isAboutPackages(command)) return refuse(answers.noPackages(command.kind));
  if (!pair.ok) return refuse(answers.notAnEnvironment(pair));
  const problem = refusal(facts, policy, command);
  if (problem !== null) return refuse(problem);
  const { source, target } = pair;
  return { kind: "act", word: command.kind, command, head_sha: facts.pull_request.head_sha, source, target };
}

const refuse = (answer: Answer): Admission => ({ kind: "answer", answer });

export type Acting = Extract<Command, { kind: CommandWord }>;

/** Commands on packages, which flows/packages answers where a repository has some. */
export function isAboutPackages(command: Command): boolean {
  const { kind } = command;
  if (kind === "rollback") return command.packages !== undefined;
  return kind === "stage" || kind === "activate" || kind === "veto";
}

/** Why this person may not give this command here and now; null: they may. */
export function refusal(
  facts: Omit<AdmissionFacts, "commands" | "pair">,
  policy: Policy,
  command: Acting,
): Answer | null {
  const { pull_request, person } = facts;
  const word = command.kind;
  const leave = allows(policy, word, person);
  if (!leave.ok) return answers.notAllowed(word, leave);
  if (word === "status") return null;
  const afterwards = AFTERWARDS.includes(word) || (command.kind === "approve" && command.what === "rollback");
  if (pull_request.head_repository_id !== facts.repository_id && !afterwards) return answers.fork();
  if (pull_request.state !== "open" && !afterwards) return answers.closed(pull_request.state, word);
  // An approval is bound to what was shown, which names its commit; what is stopped is what runs.
  const bound = OperationKind.safeParse(word);
  if (!bound.success || !boundToHead(bound.data)) return null;
  return unboundHead(facts, command);
}

/**
 * The head that the person saw is the newest one that a webhook told of before the comment, by GitHub's own clock. A head of
 * the same second may have come after the comment, so it does not count; the first head cannot have: the pull request
 * began with it. A first head that is younger than the comment is not the one it began with: webhooks were missed.
 * An explicit commit needs no history.
 */
function unboundHead(
  facts: Pick<AdmissionFacts, "pull_request" | "comment" | "heads">,
  command: Acting,
): Answer | null {
  const now = facts.pull_request.head_sha;
  if (command.kind === "promote" && command.sha !== null) {
    return now.startsWith(command.sha) ? null : answers.otherSha(command.sha, now);
  }
  const at = Date.parse(facts.comment.created_at);
  const seen = facts.heads.findLast(({ changed_at }, index) =>
    index === 0 ? Date.parse(changed_at) <= at : Date.parse(changed_at) < at,
  );
  if (seen === undefined) return answers.headUnseen(command.kind, now);
  return seen.sha === now ? null : answers.headMoved(command.kind, seen.sha, now);
}
