/** Parameters of paths, queries and bodies, parsed at the edge. */
import { z } from "zod";
import type { Page } from "../ports/store.ts";
import { badRequest, notFound } from "./errors.ts";
import type { ApiRequest } from "./router.ts";

export const PAGE = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z.uuid().optional(),
});

/** GitHub's numbers are small; a larger one is no pull request's, and the store has no room for it. */
const MOST_PULLS = 2_147_483_647;
export const PullNumber = z.int().positive().max(MOST_PULLS);
export const PullNumberText = z.coerce.number().pipe(PullNumber);

export function pageOf({ limit, after }: z.infer<typeof PAGE>): Page {
  return after === undefined ? { limit } : { limit, after };
}

/** @throws ApiError 400 for a parameter that is wrong or unknown */
export function parseQuery<T>(schema: z.ZodType<T>, request: ApiRequest): T {
  return parsed(schema, Object.fromEntries(request.query));
}

/** @throws ApiError 400 that says what is wrong with the body */
export async function parseBody<T>(schema: z.ZodType<T>, request: ApiRequest, limit: number): Promise<T> {
  return parsed(schema, await request.json(limit));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw badRequest(z.prettifyError(result.error));
  return result.data;
}

/** An id that is not a UUID names nothing. */
export function idOf(request: ApiRequest, what: string): string {
  const id = z.uuid().safeParse(request.params.id);
  if (!id.success) throw notFound(what);
  return id.data;
}
