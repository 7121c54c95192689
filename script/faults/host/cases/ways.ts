/** The same faults on other ways than the plain one: an upgrade, a promotion that goes back by itself, a rollback. */
import { atSteps, type Case, type Fault } from "../fault.ts";
import { type JobFile, mustSucceed } from "../jobs.ts";
import { missingOfUpgrade } from "../upgrade.ts";
import { activeIn, type World } from "../world.ts";
import { button } from "./cancelled.ts";
import { full } from "./disk.ts";
import { action, ansible, BACK_STEPS, remote, UNDO_STEPS, UPGRADE_STEPS, unknownSteps } from "./kills.ts";
import { cut } from "./network.ts";
import { database, php } from "./servers.ts";

const nothing: Fault = { kind: "none", recovery: "wait" };

type Way = {
  readonly name: string;
  /** Where it leads when nothing breaks. */
  readonly end: "old" | "new";
  readonly job: (world: World) => JobFile;
  readonly more?: Pick<Fault, "before" | "shows" | "must">;
};

const upgrade: Way = {
  name: "upgrade",
  end: "new",
  job: (world) => world.upgrade(),
  more: {
    shows: async (world) => (activeIn(world.site) === world.upgraded ? missingOfUpgrade(world.site) : []),
  },
};

/** Healthy is what only the release before can show: the promotion goes back. The candidate would be stopped before the switch. */
const undo: Way = {
  name: "undo",
  end: "old",
  job: (world) => ({
    ...world.promotion(),
    candidate: false,
    health_checks: [{ kind: "page", path: "/", status: 200, contains: 'data-code="1"', within_s: 20 }],
  }),
  more: { must: "old" },
};

const rollback: Way = {
  name: "rollback",
  end: "old",
  job: (world) => ({ ...world.rollback(), expected_release: world.new }),
  more: {
    before: async (world) => {
      await mustSucceed(world.lab, world.promotion());
      return async () => undefined;
    },
  },
};

/** A fault on a way; what the fault changes of a promotion's input it changes of this way's. */
const on = (way: Way, fault: Fault): Fault => ({
  ...fault,
  ...way.more,
  kind: `${way.name}-${fault.kind}`,
  change: async (_, world) => {
    const job = way.job(world);
    return (await fault.change?.(job, world)) ?? job;
  },
});

const undisturbed = (way: Way): Case => {
  const fault: Fault = {
    ...on(way, nothing),
    must: way.end,
    shows: async (world, job) => [
      ...(await unknownSteps(world, job)),
      ...((await way.more?.shows?.(world, job)) ?? []),
    ],
  };
  return { name: fault.kind, step: "", fault };
};

const FAULTS = [remote, ansible("rerun"), action, database, full, cut(5), button, php];
const along = (way: Way, steps: readonly string[]) => [
  undisturbed(way),
  ...FAULTS.flatMap((fault) => atSteps(steps, on(way, fault))),
];

export const WAYS: readonly Case[] = [
  ...along(upgrade, UPGRADE_STEPS),
  ...along(undo, UNDO_STEPS),
  ...along(rollback, BACK_STEPS),
];
