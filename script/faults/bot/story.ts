/**
 * What people do on a thousand pull requests before any of it is told to the bot. Nothing in it may depend on the order in which the
 * webhooks come: no command is bound to a head that another webhook must have told of.
 */
import { readFileSync } from "node:fs";
import type { Double } from "../../../test/double/double.ts";
import type { PullRequest } from "../../../test/double/github/state.ts";
import type { RepositoryOptions } from "../../../test/double/setup.ts";
import type { Expected } from "./model.ts";
import type { Random } from "./random.ts";

/** GitHub's limit of writes counts for each owner; twenty pull requests of each keep below it. */
const PULLS_OF_AN_OWNER = 20;

const CONFIG = `version: 1
site: shop
path: [staging, production]
environments:
  staging:
    {type: staging, branch: staging, url: "https://staging.acme.example", host: web, root: /srv/staging,
     database: {name: acme_staging, prefix: xyz_}, cloned_from: production}
  production:
    {type: production, branch: production, url: "https://acme.example", host: web, root: /srv/acme,
     database: {name: acme, prefix: wp_}}
promotion: {preset: content-protect}
health: [{path: /, contains: Acme}]
`;
const WORKFLOW = readFileSync(new URL("../../../docs/workflow/belay.yml", import.meta.url), "utf8");

export function repositories(pull_requests: number): readonly RepositoryOptions[] {
  return Array.from({ length: Math.ceil(pull_requests / PULLS_OF_AN_OWNER) }, (_, at) => ({
    name: `owner-${at}/shop`,
    files: { ".github/belay.yml": CONFIG, ".github/workflows/belay.yml": WORKFLOW },
    branches: ["staging", "production"],
    people: { ann: "write", bob: "read" },
  }));
}

type Story = {
  readonly pull: PullRequest;
  readonly answered: number[];
  readonly seen: number[];
  readonly begun: number[];
};
type Teller = { readonly double: Double; readonly random: Random; readonly tick: () => void };

/** @param count how many webhooks there must be at least */
export async function tell(
  teller: Teller,
  pull_requests: number,
  count: number,
): Promise<readonly Expected[]> {
  const stories: Story[] = [];
  for (let at = 0; at < pull_requests; at++) stories.push(await open(teller, at));
  const { double, random, tick } = teller;
  while (double.webhooks.withheld().length < count) {
    tick();
    const { pull } = random.one(stories);
    await double.as(random.one(["ann", "bob"])).comment(pull, random.one(TALK));
  }
  return stories.map(expectedOf);
}

/** No commands, though some look so. */
const TALK = [
  "Looks good to me.",
  "> /promote",
  "```\n/promote\n```",
  "See /promote for that.",
  "<!--\n/promote\n-->",
];

async function open(teller: Teller, at: number): Promise<Story> {
  const { double, random, tick } = teller;
  const repository = `owner-${Math.floor(at / PULLS_OF_AN_OWNER)}/shop`;
  const nth = at % PULLS_OF_AN_OWNER;
  const ann = double.as("ann");
  const head = nth === 0 ? "staging" : `topic-${nth}`;
  const push = async (round: number) => {
    tick();
    await ann.push(head, { "theme.css": `a { order: ${at}${round} }` }, { repository });
  };
  await push(0);
  tick();
  const base = nth === 0 || nth % 5 === 1 ? "production" : "main";
  const pull = await ann.openPullRequest({ repository, head, base, title: `Change ${at}` });
  const story: Story = { pull, answered: [], seen: [], begun: [] };
  for (let round = 1; round <= random.below(3); round++) await push(round);
  await command(teller, story, nth);
  if (nth % 5 === 4) await becomesCommand(teller, story);
  if (nth % 5 >= 2 && nth % 5 <= 3) {
    tick();
    await ann.closePullRequest(pull);
  }
  // Told in any order, and late: it is open in the end.
  if (nth % 5 === 3) {
    tick();
    await ann.reopenPullRequest(pull);
  }
  return story;
}

async function command({ double, random, tick }: Teller, story: Story, nth: number): Promise<void> {
  const { pull, answered, seen, begun } = story;
  const says = async (login: string, body: string) => {
    tick();
    return double.as(login).comment(pull, body);
  };
  if (nth === 0) {
    const { id } = await says("ann", "/backup");
    begun.push(id);
    seen.push(id);
    answered.push((await says("bob", "/promote")).id);
  } else if (random.below(3) === 0) {
    const said = await says("ann", "/help");
    tick();
    // Whatever the webhook told, the comment counts as it is: edited.
    await double.as("ann").editComment(said, "/promote");
    answered.push(said.id);
  } else {
    const { id } = await says(random.one(["ann", "bob"]), "/help");
    answered.push(id);
    seen.push(id);
  }
}

/** It was none when the webhook was sent, so it is none: nobody answers it, and it begins nothing. */
async function becomesCommand({ double, tick }: Teller, { pull }: Story): Promise<void> {
  tick();
  const said = await double.as("ann").comment(pull, "Nothing yet.");
  tick();
  await double.as("ann").editComment(said, "/promote");
}

const GATES = ["drift", "backup", "release", "approval", "promotion"];

function expectedOf({ pull, answered, seen, begun }: Story): Expected {
  const { repository, number, state, headSha: head_sha } = pull;
  return { repository, number, state, head_sha, checks: checksOf(pull), answered, seen, begun };
}

function checksOf({ base, head }: PullRequest): Expected["checks"] {
  if (base === "main") return { "belay / main / promotion": ["success"] };
  const conclusions = head === "staging" ? ["failure", "action_required", "null"] : ["failure"];
  return Object.fromEntries(GATES.map((gate) => [`belay / production / ${gate}`, conclusions]));
}
