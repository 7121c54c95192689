/** Everything that the bot serves besides webhooks; contracts/openapi.yaml describes it, and a test compares the two. */
import type { Deps } from "../flows/deps.ts";
import type { SetAsideDeps } from "../flows/set-aside.ts";
import type { AccessDeps } from "./access.ts";
import { ApiError } from "./errors.ts";
import { listings } from "./listings.ts";
import { type MetricsDeps, metrics } from "./metrics.ts";
import type { VerifyRunner } from "./oidc.ts";
import { operations } from "./operations.ts";
import { packages } from "./packages.ts";
import { limited, SHIPPED_LIMIT, STRANGERS } from "./rate-limit.ts";
import { records } from "./records.ts";
import type { Route } from "./router.ts";
import { runnerRoutes } from "./runner.ts";
import { setAside } from "./set-aside.ts";

export interface ApiDeps {
  readonly deps: Deps;
  readonly queue: SetAsideDeps["queue"];
  readonly loginOf: AccessDeps["loginOf"];
  readonly verifyRunner: VerifyRunner;
  readonly metrics: MetricsDeps;
  /** Whether the bot can work: its store answers, and it is not stopping. */
  readonly ready: () => Promise<boolean>;
}

export function apiRoutes({
  deps,
  queue,
  loginOf,
  verifyRunner,
  metrics: watched,
  ready,
}: ApiDeps): readonly Route[] {
  const access: AccessDeps = { store: deps.store, github: deps.github, loginOf };
  const people = [
    ...records(access),
    ...listings(access),
    ...packages(access, deps),
    ...operations(deps, access),
    ...setAside({ store: deps.store, clock: deps.clock, queue }, access),
  ];
  const machines = [...runnerRoutes({ deps, verifyRunner }), ...metrics(watched)];
  const limits = { each: SHIPPED_LIMIT, now: () => performance.now() };
  return [
    ...health(ready),
    ...limited(people, { ...limits, strangers: STRANGERS }),
    ...limited(machines, { ...limits, strangers: null }),
  ];
}

function health(ready: ApiDeps["ready"]): readonly Route[] {
  const ok = { status: 200, body: { status: "ok" } };
  return [
    { method: "GET", path: "/healthz", handle: async () => ok },
    {
      method: "GET",
      path: "/readyz",
      handle: async () => {
        if (await ready()) return ok;
        throw new ApiError(503, "not_ready", "The store does not answer, or the bot is stopping.");
      },
    },
  ];
}
