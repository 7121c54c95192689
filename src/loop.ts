/** Work that is taken from the store one piece after another, until there is none; then it waits to be woken. */

export interface Loop {
  /** There may be work: look now instead of at the next poll. */
  wake(): void;
  /** Takes nothing more, and waits for what is being worked on. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  /** Does one piece of work; false when there was none. It says when it has found one, so that another worker may look. */
  readonly step: (found: () => void) => Promise<boolean>;
  /** How many pieces may be worked on at once. */
  readonly workers: number;
  /** Work that becomes due by time, or that another bot left, is found at the next poll. */
  readonly pollMs: number;
  /** A step threw: the store could not be reached. The loop goes on after a poll. */
  readonly onFault: (error: unknown) => void;
}

/** One worker at a time looks: many that look for the same piece would keep the store busier than the work does. */
export function startLoop({ step, workers, pollMs, onFault }: LoopOptions): Loop {
  let stopped = false;
  let wakes = 0;
  let awaken = () => {};
  const wake = () => {
    wakes += 1;
    awaken();
  };
  const sleep = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      awaken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const turn = turns();
  const work = async () => {
    while (!stopped) {
      const found = await turn();
      const before = wakes;
      const worked = stopped
        ? false
        : await step(found).catch((error: unknown) => {
            onFault(error);
            return false;
          });
      // What was done may have been what other work waited for.
      if (worked) wake();
      // A wake during the step may have been for what the step no longer saw.
      else if (!stopped && before === wakes) await sleep();
      found();
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

/** One holder at a time, in the order of asking. Resolves to how the turn is given on; to do so twice is harmless. */
function turns(): () => Promise<() => void> {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    await before;
    return resolve;
  };
}
