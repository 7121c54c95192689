/**
 * The visitors, a program of its own, so that nothing else takes its time: reads a `Crowd` as JSON from its first argument, visits until
 * its input ends, and prints what it has seen.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Crowd, type Kind, type Noted } from "./crowd.ts";
import { makeVisits, type Planned } from "./visits.ts";

/** The slow ones have a connection of their own, as 8 people have. */
const QUICK_CONNECTIONS = 7;
const WORST = 40;

const crowd = Crowd.parse(JSON.parse(process.argv[2] ?? ""));
const clock = () => Number(process.hrtime.bigint()) / 1e6;
const noted: Noted = {
  ...{ requests: 0, failed: 0, mixed: 0, kinds: {}, complaints: [], worst: [] },
  ...{ comments: [], orders: [], notes: [] },
};
let open = true;
process.stdin.resume().once("end", () => {
  open = false;
});

const visits = await makeVisits(crowd);
const quick = connections(QUICK_CONNECTIONS);
const slow = connections(1);
await Promise.all(visits.map(come));
console.log(JSON.stringify(noted));

/**
 * Visits begin when they are meant to, whether the ones before were answered or not, and their wait counts from that moment: a site that
 * stands still cannot hide it by keeping visitors from asking.
 */
async function come(planned: Planned): Promise<void> {
  const going: Promise<void>[] = [];
  const lane = planned.kind === "slow" ? slow : quick;
  for (let meant = clock() + planned.offset_ms; open; meant += planned.every_ms) {
    await sleep(Math.max(0, meant - clock()));
    const at = meant;
    going.push(lane(() => visit(planned, at)));
  }
  await Promise.all(going);
}

async function visit({ kind, pay }: Planned, meant: number): Promise<void> {
  const outcome = await pay();
  const wait_ms = Math.round(clock() - meant);
  noted.requests += 1;
  note(kind, { at_s: meant / 1000, wait_ms });
  if (outcome.kind === "comment") noted.comments.push(outcome.comment);
  if (outcome.kind === "kept") noted[kind === "order" ? "orders" : "notes"].push(outcome.name);
  if (outcome.kind !== "failure") return;
  if (outcome.mixed) noted.mixed += 1;
  else noted.failed += 1;
  if (noted.complaints.length < WORST)
    noted.complaints.push({ kind, at_s: meant / 1000, what: outcome.reason });
}

function note(kind: Kind, wait: { readonly at_s: number; readonly wait_ms: number }): void {
  const known = noted.kinds[kind] ?? { count: 0, longest_ms: 0 };
  noted.kinds[kind] = { count: known.count + 1, longest_ms: Math.max(known.longest_ms, wait.wait_ms) };
  if (kind !== "page") return;
  noted.worst.push({ kind, ...wait });
  if (noted.worst.length < 1000) return;
  noted.worst.sort((one, other) => other.wait_ms - one.wait_ms).length = WORST;
}

/** At most `count` at the same time, the others in the order in which they came. */
function connections(count: number): (act: () => Promise<void>) => Promise<void> {
  const queue: (() => void)[] = [];
  let free = count;
  return async (act) => {
    if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
    else free -= 1;
    try {
      await act();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
