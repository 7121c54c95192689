/** What the double's runner is told about this machine. */

export type RunnerOptions = {
  /** The checkout of this project: its `action.yml`, its `dist/`, its reusable workflows. */
  readonly project: string;
  /** The Node binary that runs JavaScript actions. */
  readonly node: string;
  /** Repository under which site workflows name the project; any `<owner>/belay` when absent. */
  readonly belay?: string;
  /** Variables of the machine that steps see, beside the runner's own; `PATH` of this process when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Actions of others that do nothing here, such as `actions/setup-python`. */
  readonly ignoreActions?: readonly string[];
  /** Milliseconds from SIGINT to SIGTERM and from there to SIGKILL, on cancel. */
  readonly grace?: readonly [number, number];
};

/** As on GitHub's own runners. */
export const GRACE: readonly [number, number] = [7500, 2500];

/** Whether a `uses:` names this project's repository. */
export const isBelay = (options: RunnerOptions, repository: string): boolean =>
  options.belay === undefined
    ? /^[^/]+\/belay$/.test(repository)
    : repository.toLowerCase() === options.belay.toLowerCase();
