/** How a webhook is kept and worked on, and what all of them tell of their repository. */
import { z } from "zod";
import type { Deps } from "../flows/deps.ts";

/** What a delivery led to, for the log. */
export type Outcome = Readonly<Record<string, unknown>> | null;

export interface Handler {
  /** What is stored: the part that the flow reads, of 1 KB instead of 20. What cannot be read is kept whole, to be looked at. */
  readonly kept: (payload: unknown) => unknown;
  readonly handle: (deps: Deps, payload: unknown) => Promise<Outcome>;
}

/** @param shape what of the payload the flow reads */
export function handler<T>(shape: z.ZodType<T>, handle: (deps: Deps, event: T) => Promise<Outcome>): Handler {
  return {
    kept: (payload) => shape.safeParse(payload).data ?? payload,
    handle: async (deps, payload) => handle(deps, shape.parse(payload)),
  };
}

export const Repository = z.object({
  repository: z.object({
    id: z.number(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    default_branch: z.string(),
  }),
  installation: z.object({ id: z.number() }),
});

export function repositoryOf({ repository, installation }: z.infer<typeof Repository>) {
  const { id, name, owner, default_branch } = repository;
  return { id, name, owner: owner.login, default_branch, installation_id: installation.id };
}
