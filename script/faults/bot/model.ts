/** What must be true of every pull request in the end, whatever order deliveries came in; and what is not so. Knows nothing of the bot's code. */

/** A pull request as it must be. */
export type Expected = {
  readonly repository: number;
  readonly number: number;
  readonly state: "open" | "closed";
  readonly head_sha: string;
  /** The only conclusions that each check may have; a closed pull request may have no checks. */
  readonly checks: Readonly<Record<string, readonly string[]>>;
  /** Comments that are answered, each once. */
  readonly answered: readonly number[];
  /** Comments that get a reaction; one that is refused at once may go without. */
  readonly seen: readonly number[];
  /** Comments that begin an operation, each once. */
  readonly begun: readonly number[];
};

/** A pull request as it is: GitHub's side and the bot's. */
export type Found = {
  readonly stored: { readonly state: string; readonly head_sha: string } | null;
  /** Check runs of the bot on the head. */
  readonly checks: readonly { readonly name: string; readonly conclusion: string | null }[];
  /** First lines of the bot's comments. */
  readonly comments: readonly string[];
  /** Ids of comments that the bot reacted to. */
  readonly reactions: readonly number[];
  readonly operations: readonly Operation[];
};

export type Operation = {
  readonly id: string;
  readonly comment_id: number;
  readonly state: string;
  /** Runs of GitHub Actions for each nonce that was given out. */
  readonly runs: readonly number[];
};

export type Judgement = {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly wrong_state: readonly string[];
};

/** Runs here end at once and do nothing, so their operations end in one of these; one that waits for its next attempt has not ended. */
const ENDED = ["failed", "unknown", "cancelled"];
const MOST_RUNS = 3;

export function judge(expected: Expected, found: Found): Judgement {
  const where = `${expected.repository}#${expected.number}`;
  const all = [
    answersOf(expected, found),
    operationsOf(expected, found),
    checksOf(expected, found),
    stateOf(expected, found),
  ];
  const list = (name: keyof Judgement) =>
    all.flatMap((one) => one[name] ?? []).map((sentence) => `${where}: ${sentence}`);
  return { lost: list("lost"), doubled: list("doubled"), wrong_state: list("wrong_state") };
}

type Part = Partial<Judgement>;

function answersOf({ answered, seen }: Expected, { comments, reactions, operations }: Found): Part {
  const count = (id: number) => comments.filter((line) => line === markerOf(id)).length;
  const known = new Set([...answered.map(markerOf), ...operations.flatMap(cardsOf)]);
  const strange = comments.filter((line) => !known.has(line));
  const repeated = comments.filter((line, at) => known.has(line) && comments.indexOf(line) !== at);
  return {
    lost: [
      ...answered.filter((id) => count(id) === 0).map((id) => `comment ${id} was not answered`),
      ...seen.filter((id) => !reactions.includes(id)).map((id) => `comment ${id} got no reaction`),
    ],
    doubled: repeated.map((line) => `written twice: ${line}`),
    wrong_state: strange.map((line) => `a comment that nobody asked for: ${line}`),
  };
}

const markerOf = (comment: number): string => `<!-- belay:answer=comment:${comment} -->`;

/** What an operation shows, and the word of its end, which notifies people. */
const cardsOf = ({ id, state }: Operation): readonly string[] => [
  `<!-- belay:operation=${id} -->`,
  `<!-- belay:answer=ended:${id}:${state} -->`,
];

function operationsOf({ begun }: Expected, { operations }: Found): Part {
  const of = (id: number) => operations.filter(({ comment_id }) => comment_id === id);
  return {
    lost: [
      ...begun.filter((id) => of(id).length === 0).map((id) => `comment ${id} began nothing`),
      ...operations.filter(({ runs }) => !runs.includes(1)).map(({ id }) => `operation ${id} has no run`),
    ],
    doubled: [
      ...begun.filter((id) => of(id).length > 1).map((id) => `comment ${id} began several operations`),
      ...operations
        .filter(({ runs }) => runs.some((count) => count > 1) || runs.length > MOST_RUNS)
        .map(({ id, runs }) => `operation ${id} started ${runs.join(" + ")} runs`),
    ],
    wrong_state: [
      ...operations
        .filter(({ comment_id }) => !begun.includes(comment_id))
        .map(({ id }) => `operation ${id} was begun by nobody`),
      ...operations
        .filter(({ state }) => !ENDED.includes(state))
        .map(({ id, state }) => `operation ${id} is ${state}`),
    ],
  };
}

function checksOf({ checks, state }: Expected, found: Found): Part {
  const of = (name: string) => found.checks.filter((one) => one.name === name);
  const wanted = Object.entries(checks);
  return {
    lost:
      state === "closed"
        ? []
        : wanted.filter(([name]) => of(name).length === 0).map(([name]) => `no check ${name}`),
    doubled: wanted
      .filter(([name]) => of(name).length > 1)
      .map(([name]) => `${of(name).length} checks ${name}`),
    wrong_state: found.checks
      .filter(({ name, conclusion }) => !checks[name]?.includes(String(conclusion)))
      .map(({ name, conclusion }) => `the check ${name} is ${conclusion}`),
  };
}

function stateOf({ state, head_sha }: Expected, { stored }: Found): Part {
  if (stored === null) return { lost: ["the bot knows nothing of it"] };
  const wrong = [
    ...(stored.state === state ? [] : [`it is ${state}, and stored as ${stored.state}`]),
    ...(stored.head_sha === head_sha ? [] : [`its head is ${head_sha}, and ${stored.head_sha} is stored`]),
  ];
  return { wrong_state: wrong };
}
