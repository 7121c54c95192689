/** Concurrency groups: one run works, one waits; a newer one takes the place of the one that waits, unless the queue is `max`. */

export type Turn = {
  readonly group: string;
  readonly queue: "single" | "max";
  readonly cancelInProgress: boolean;
  readonly cancel: () => void;
};

type Waiter = { readonly turn: Turn; readonly begin: (begun: boolean) => void };
type Group = { running: Turn | null; readonly waiting: Waiter[] };

export type Groups = {
  /** True when the turn has come; false when another took the place, or `stop` fired first. */
  readonly enter: (turn: Turn, stop: AbortSignal) => Promise<boolean>;
  readonly leave: (turn: Turn) => void;
};

export const makeGroups = (): Groups => {
  const groups = new Map<string, Group>();
  const next = (group: Group): void => {
    const first = group.waiting.shift();
    group.running = first?.turn ?? null;
    first?.begin(true);
  };
  return {
    enter: (turn, stop) => {
      const key = turn.group.toLowerCase();
      const group = groups.get(key) ?? { running: null, waiting: [] };
      groups.set(key, group);
      if (!group.running) {
        group.running = turn;
        return Promise.resolve(true);
      }
      if (turn.cancelInProgress) group.running.cancel();
      if (turn.queue === "single") for (const replaced of group.waiting.splice(0)) replaced.begin(false);
      return new Promise((resolve) => {
        const waiter = { turn, begin: resolve };
        group.waiting.push(waiter);
        stop.addEventListener("abort", () => {
          const at = group.waiting.indexOf(waiter);
          if (at >= 0) group.waiting.splice(at, 1);
          if (at >= 0) resolve(false);
        });
      });
    },
    leave: (turn) => {
      const group = groups.get(turn.group.toLowerCase());
      if (group?.running === turn) next(group);
    },
  };
};
