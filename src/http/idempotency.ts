/** `Idempotency-Key`: by this a person's request is known again when its answer was lost. */
import { digestOf, type Json } from "../core/canonical.ts";
import type { Once } from "../flows/api-once.ts";
import { badRequest } from "./errors.ts";
import type { ApiRequest } from "./router.ts";

const KEY = /^[\x21-\x7e]{1,200}$/;

/** @param asked what the request asks for, path and body @throws ApiError 400 for a key that cannot be one */
export function onceOf(request: ApiRequest, asked: Json): Once | null {
  const key = request.header("idempotency-key");
  if (key === null) return null;
  if (!KEY.test(key)) {
    throw badRequest("`Idempotency-Key` takes 1 to 200 visible ASCII characters, once: a UUID, for example.");
  }
  return { key, request: digestOf(asked) };
}
