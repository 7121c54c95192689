/** Turns at the one connection of the embedded database. What somebody outside waits for goes first, every second time at least. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Driver } from "kysely";

const hurrying = new AsyncLocalStorage<true>();

/** Does work whose statements go before those that only wait. Of no effect on a server, which has more connections. */
export const inHurry = <T>(work: () => Promise<T>): Promise<T> => hurrying.run(true, work);

/** The driver, whose connection is lent to one at a time, in the order of asking otherwise. */
export function takingTurns(driver: Driver): Driver {
  const turns = startTurns();
  return {
    init: (options) => driver.init(options),
    acquireConnection: async (options) => {
      await turns.take(hurrying.getStore() === true);
      try {
        return await driver.acquireConnection(options);
      } catch (error) {
        turns.give();
        throw error;
      }
    },
    releaseConnection: async (connection, options) => {
      try {
        await driver.releaseConnection(connection, options);
      } finally {
        turns.give();
      }
    },
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    destroy: (options) => driver.destroy(options),
  };
}

export interface Turns {
  /** Resolves when it is the caller's turn. */
  take(hurry: boolean): Promise<void>;
  /** The turn is over. */
  give(): void;
}

export function startTurns(): Turns {
  const hurried: (() => void)[] = [];
  const patient: (() => void)[] = [];
  let taken = false;
  let hurriedLast = false;
  return {
    take: (hurry) =>
      new Promise((resolve) => {
        if (taken) (hurry ? hurried : patient).push(resolve);
        else resolve();
        taken = true;
      }),
    give: () => {
      const patientFirst = hurriedLast && patient.length > 0;
      hurriedLast = hurried.length > 0 && !patientFirst;
      const next = (hurriedLast ? hurried : patient).shift();
      taken = next !== undefined;
      next?.();
    },
  };
}
