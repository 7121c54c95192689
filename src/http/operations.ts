/** The ways in which a person begins work without a pull request's comment. */
import { z } from "zod";
import { apiCancel } from "../flows/api-cancel.ts";
import { type ApiInput, apiBackup, apiDriftCheck, apiPromote } from "../flows/api-operations.ts";
import type { ApiOutcome } from "../flows/api-scene.ts";
import type { Deps } from "../flows/deps.ts";
import { type AccessDeps, person, visibleSite } from "./access.ts";
import { forbidden, refusal } from "./errors.ts";
import { onceOf } from "./idempotency.ts";
import { idOf, parseBody } from "./query.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";

const LIMIT = 16 * 1024;
const Promotion = z.strictObject({ target_environment_id: z.uuid() });

export function operations(deps: Deps, access: AccessDeps): readonly Route[] {
  const post = (
    path: string,
    begin: (request: ApiRequest, input: ApiInput) => Promise<ApiOutcome>,
  ): Route => ({
    method: "POST",
    path,
    handle: async (request) => {
      const actor = await person(access, request);
      const environment_id = idOf(request, "environment");
      await seen(access, actor, { environment_id, what: "environment" });
      return accepted(await begin(request, { actor, environment_id, once: null }));
    },
  });
  const named = (request: ApiRequest, input: ApiInput, asked: string): ApiInput => ({
    ...input,
    once: onceOf(request, [asked, input.environment_id]),
  });
  return [
    post("/api/environments/{id}/drift-check", (request, input) =>
      apiDriftCheck(deps, named(request, input, "drift-check")),
    ),
    post("/api/environments/{id}/backups", (request, input) =>
      apiBackup(deps, named(request, input, "backup")),
    ),
    post("/api/environments/{id}/promote", async (request, input) => {
      const { target_environment_id } = await parseBody(Promotion, request, LIMIT);
      const asked = named(request, input, `promote ${target_environment_id}`);
      return apiPromote(deps, { ...asked, target_environment_id });
    }),
    {
      method: "POST",
      path: "/api/jobs/{id}/cancel",
      handle: async (request) => {
        const actor = await person(access, request);
        const job_id = idOf(request, "job");
        const job = await deps.store.transaction((tx) => tx.job(job_id));
        await seen(access, actor, { environment_id: job?.environment_id, what: "job" });
        const once = onceOf(request, ["cancel", job_id]);
        return accepted(await apiCancel(deps, { actor, job_id, once }));
      },
    },
  ];
}

interface Named {
  readonly environment_id: string | undefined;
  readonly what: string;
}

/** Before anything else is said: to who may not see the site, a refusal would tell of its settings. @throws ApiError 404 */
async function seen(access: AccessDeps, actor: string, { environment_id, what }: Named): Promise<void> {
  const environment =
    environment_id === undefined
      ? null
      : await access.store.transaction((tx) => tx.environment(environment_id));
  await visibleSite(access, actor, { site_id: environment?.site_id, what });
}

export function accepted(outcome: ApiOutcome): ApiResponse {
  if (outcome.kind === "refused" && outcome.status === 403) throw forbidden(outcome.message);
  if (outcome.kind === "refused") throw refusal(outcome);
  return { status: 202, body: { job_id: outcome.job_id } };
}
