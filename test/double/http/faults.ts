/** Faults of the API are state: what the next requests that match will meet. */

/**
 * `no-answer`: the connection breaks and nothing was done. `lost-answer`: it was done, but the connection breaks before the answer.
 * `rate-limit`: the hourly limit is used up; `secondary-rate-limit`: too fast, with `retry-after`. A number: that status, nothing done.
 */
export type Fault =
  | "no-answer"
  | "lost-answer"
  | "rate-limit"
  | "secondary-rate-limit"
  | 403
  | 500
  | 502
  | 503;

export type FaultOrder = {
  readonly times?: number;
  /** Seconds in `retry-after` and until the limit resets. */
  readonly retryAfter?: number;
};

export type PlannedFault = {
  readonly matches: (request: string) => boolean;
  readonly fault: Fault;
  readonly retryAfter: number;
  left: number;
};

export type Faults = {
  /** `pattern` is matched against `METHOD /path` without query; in a string `*` stands for anything. */
  readonly plan: (pattern: string | RegExp, fault: Fault, order?: FaultOrder) => void;
  readonly take: (request: string) => PlannedFault | undefined;
  readonly clear: () => void;
};

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"))
      .join(".*")}$`,
  );

export const makeFaults = (): Faults => {
  let planned: PlannedFault[] = [];
  return {
    plan: (pattern, fault, { times = 1, retryAfter = 1 } = {}) => {
      const expression = typeof pattern === "string" ? glob(pattern) : pattern;
      planned.push({ matches: (request) => expression.test(request), fault, retryAfter, left: times });
    },
    take: (request) => {
      const found = planned.find((one) => one.left > 0 && one.matches(request));
      if (found) found.left -= 1;
      return found;
    },
    clear: () => {
      planned = [];
    },
  };
};
