/** Visitors of a site: they load uncached pages, post comments and log in until they are sent home, and note everything. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "./site.ts";
import { type Acknowledged, loadPage, logIn, pay, postComment, type Visit } from "./visits.ts";
import type { Account } from "./wordpress.ts";

export type { Acknowledged } from "./visits.ts";

export type VisitorSummary = {
  readonly requests: number;
  /** One sentence for each failed request. */
  readonly failures: readonly string[];
  /** How many of the failures showed old and new in one page. */
  readonly mixed: number;
  /** Longest time in which no request of any visitor was answered. */
  readonly longest_gap_ms: number;
  /** Comments that the site said it took. */
  readonly comments: readonly Acknowledged[];
  readonly logins: number;
  /** Whole pages seen of each version. */
  readonly versions: Readonly<Record<string, number>>;
};

export type Visitors = {
  /** How many requests were answered so far. */
  readonly answered: () => number;
  /** Sends the visitors home; each finishes what it is at. */
  readonly stop: () => Promise<VisitorSummary>;
};

export type Party = {
  readonly site: Site;
  readonly account: Account;
  /** Ids of published posts that are open for comments. */
  readonly posts: readonly number[];
  /** How many visitors; 4 by default. */
  readonly count?: number;
};

type Notes = {
  requests: number;
  failures: string[];
  mixed: number;
  longestGap: number;
  last: number;
  comments: Acknowledged[];
  logins: number;
  versions: Record<string, number>;
};

/** A moment between two requests of a visitor, in milliseconds: enough to leave the machine to others, too. */
const PAUSE = 10;

/** Lets visitors in. They come and go until `stop`. */
export function letVisitorsIn(party: Party): Visitors {
  const notes: Notes = {
    ...{ requests: 0, failures: [], mixed: 0, comments: [], logins: 0, versions: {} },
    ...{ longestGap: 0, last: performance.now() },
  };
  let open = true;
  const walk = async (index: number) => {
    for (let step = index; open; step++) {
      await act(party, nextVisit(party, `visitor ${index + 1}`, step), notes);
      await sleep(PAUSE);
    }
  };
  const walks = Array.from({ length: party.count ?? 4 }, (_, index) => walk(index));
  return {
    answered: () => notes.requests,
    stop: async () => {
      open = false;
      await Promise.all(walks);
      const { longestGap, last: _, ...rest } = notes;
      return { ...rest, longest_gap_ms: Math.round(longestGap) };
    },
  };
}

/** Of fifteen visits one is a login, three are comments, the others pages. */
function nextVisit(party: Party, name: string, step: number): Visit {
  const post = party.posts[step % party.posts.length];
  if (post === undefined) throw new Error("Visitors need a post to read.");
  const kind = step % 5;
  if (kind === 3) return postComment(post, `${name}, step ${step}`);
  if (kind === 4 && step % 3 === 0) return logIn(party.account);
  return loadPage(kind === 0 ? "/" : `/?p=${post}`);
}

async function act(party: Party, visit: Visit, notes: Notes): Promise<void> {
  const judgement = await pay(party.site, visit);
  const now = performance.now();
  notes.longestGap = Math.max(notes.longestGap, now - notes.last);
  notes.last = now;
  notes.requests += 1;
  if (judgement.kind === "page")
    notes.versions[judgement.version] = (notes.versions[judgement.version] ?? 0) + 1;
  if (judgement.kind === "comment") notes.comments.push(judgement.comment);
  if (judgement.kind === "login") notes.logins += 1;
  if (judgement.kind === "failure") notes.failures.push(`${visit.what}: ${judgement.reason}`);
  if (judgement.kind === "failure" && judgement.mixed) notes.mixed += 1;
}
