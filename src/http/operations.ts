/** The two ways in which a person begins work without a pull request's comment. */
import { z } from "zod";
import { type ApiOutcome, apiDriftCheck, apiPromote } from "../flows/api-operations.ts";
import type { Deps } from "../flows/deps.ts";
import { type AccessDeps, person } from "./access.ts";
import { forbidden, refusal } from "./errors.ts";
import { idOf, parseBody } from "./query.ts";
import type { ApiResponse, Route } from "./router.ts";

const LIMIT = 16 * 1024;
const Promotion = z.strictObject({ target_environment_id: z.uuid() });

export function operations(deps: Deps, access: AccessDeps): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/environments/{id}/drift-check",
      handle: async (request) => {
        const actor = await person(access, request);
        return accepted(await apiDriftCheck(deps, { actor, environment_id: idOf(request, "environment") }));
      },
    },
    {
      method: "POST",
      path: "/api/environments/{id}/promote",
      handle: async (request) => {
        const actor = await person(access, request);
        const environment_id = idOf(request, "environment");
        const { target_environment_id } = await parseBody(Promotion, request, LIMIT);
        return accepted(await apiPromote(deps, { actor, environment_id, target_environment_id }));
      },
    },
  ];
}

function accepted(outcome: ApiOutcome): ApiResponse {
  if (outcome.kind === "refused" && outcome.status === 403) throw forbidden(outcome.message);
  if (outcome.kind === "refused") throw refusal(outcome);
  return { status: 202, body: { job_id: outcome.job_id } };
}
