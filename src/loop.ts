/** Work that is taken from the store one piece after another, until there is none; then it waits to be woken. */

export interface Loop {
  /** There may be work: look now instead of at the next poll. */
  wake(): void;
  /** Takes nothing more, and waits for what is being worked on. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  /** Does one piece of work; false when there was none. */
  readonly step: () => Promise<boolean>;
  /** How many pieces may be worked on at once. */
  readonly workers: number;
  /** Work that becomes due by time, or that another bot left, is found at the next poll. */
  readonly pollMs: number;
  /** A step threw: the store could not be reached. The loop goes on after a poll. */
  readonly onFault: (error: unknown) => void;
}

export function startLoop({ step, workers, pollMs, onFault }: LoopOptions): Loop {
  let stopped = false;
  let wakes = 0;
  const sleepers = new Set<() => void>();
  const wake = () => {
    wakes += 1;
    for (const awaken of sleepers) awaken();
  };
  const sleep = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(done, pollMs);
      function done() {
        clearTimeout(timer);
        sleepers.delete(done);
        resolve();
      }
      sleepers.add(done);
    });
  const work = async () => {
    while (!stopped) {
      const before = wakes;
      const worked = await step().catch((error: unknown) => {
        onFault(error);
        return false;
      });
      // A wake during the step may have been for what the step no longer saw.
      if (!worked && !stopped && before === wakes) await sleep();
    }
  };
  const running = Array.from({ length: workers }, work);
  return {
    wake,
    stop: async () => {
      stopped = true;
      wake();
      await Promise.all(running);
    },
  };
}
