/** The double's state together with the few things every part needs: its address, its clock, its list of problems, its events. */
import {
  type Account,
  type App,
  type Commit,
  emptyState,
  type PullRequest,
  type Repository,
  type State,
} from "./state.ts";

/** Something that happened, for whoever listens: the webhooks. Names are those of test/double/operations.ts. */
export type Happening = {
  readonly webhook: string;
  readonly repository: Repository;
  readonly sender: Account;
  /** The payload beside repository, sender and installation. */
  readonly body: Readonly<Record<string, unknown>>;
};

export type World = {
  readonly state: State;
  /** `http://127.0.0.1:port`, without a slash at the end. */
  url: string;
  readonly now: () => Date;
  readonly problems: string[];
  /** Tells the apps; resolves when each has answered (or could not be reached). */
  emit: (happening: Happening) => Promise<void>;
  /** Work going on in the background, so that `idle()` can wait for it. */
  readonly background: Set<Promise<unknown>>;
  /** Called whenever something may have changed, for those who wait. */
  readonly listeners: Set<() => void>;
  nextId: () => number;
};

export const makeWorld = (now: () => Date): World => {
  let id = 1000;
  return {
    state: emptyState(),
    url: "",
    now,
    problems: [],
    emit: async () => {},
    background: new Set(),
    listeners: new Set(),
    nextId: () => ++id,
  };
};

export const timestamp = (world: World): string =>
  world
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, "Z");

/** Runs something in the background; what it throws is a problem of the double. */
export const inBackground = (world: World, work: Promise<unknown>): void => {
  const watched = work
    .catch((error: unknown) => {
      world.problems.push(
        `in the background: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    })
    .finally(() => {
      world.background.delete(watched);
      changed(world);
    });
  world.background.add(watched);
};

/** Wakes those who wait for something. */
export const changed = (world: World): void => {
  for (const listener of world.listeners) listener();
};

/**
 * Resolves with what `look` finds, looked for after every request, webhook and run. Rejects as soon as the double has a problem, and
 * after `withinMs` with a sentence that names `what`.
 */
export const when = <T>(
  world: World,
  what: string,
  look: () => T | undefined,
  withinMs: number,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      world.listeners.delete(check);
    };
    const check = (): void => {
      const value = look();
      if (value === undefined && world.problems.length === 0) return;
      end();
      if (value !== undefined) resolve(value);
      else reject(new Error(`waiting for ${what}, but: ${world.problems.join("; ")}`));
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(`${what} did not come within ${withinMs / 1000} s`));
    }, withinMs);
    world.listeners.add(check);
    check();
  });

const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`the double knows no ${what}`);
  return value;
};

export const accountOf = (world: World, login: string): Account =>
  found(
    world.state.accounts.find((one) => one.login === login),
    `account ${login}`,
  );

export const appOf = (world: World, id: number): App =>
  found(
    world.state.apps.find((one) => one.id === id),
    `app ${id}`,
  );

export const repositoryOf = (world: World, id: number): Repository =>
  found(
    world.state.repositories.find((one) => one.id === id),
    `repository ${id}`,
  );

export const commitOf = (world: World, sha: string): Commit =>
  found(world.state.commits.get(sha), `commit ${sha}`);

export const fullName = ({ owner, name }: { readonly owner: string; readonly name: string }): string =>
  `${owner}/${name}`;

export const repositoryNamed = (world: World, name: string): Repository =>
  found(
    world.state.repositories.find((one) => fullName(one).toLowerCase() === name.toLowerCase()),
    `repository ${name}`,
  );

/** The commit that a branch, a full ref or a hash names in a repository, or undefined. */
export const resolveRef = (world: World, repository: Repository, ref: string): Commit | undefined => {
  const branch = ref.replace(/^refs\//, "").replace(/^heads\//, "");
  return world.state.commits.get(repository.branches.get(branch) ?? ref);
};

export const pullOf = (world: World, repository: Repository, number: number): PullRequest | undefined =>
  world.state.pulls.find((one) => one.repository === repository.id && one.number === number);
