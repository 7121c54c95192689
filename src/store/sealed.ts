/**
 * Records that are judged by carry a digest of their own text: what was changed, cut or swapped in the database since they were
 * written is noticed when they are read, and is never judged.
 */
import { type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import { sha256 } from "../core/canonical.ts";

/** The digest of a record: of whose it is and of its JSON columns, as text. */
export function sealOf(identity: readonly (string | null)[], texts: readonly (string | null)[]): string {
  return sha256(JSON.stringify([identity, texts]));
}

/** A JSON column as the text that was written. The type `json` keeps it letter by letter. */
export const textOf = (column: string): RawBuilder<string | null> => sql`${sql.ref(column)}::text`;

/** The value of a sealed text, or what is wrong with it. */
export function parsed<T>(schema: z.ZodType<T>, text: string | null): Parsed<T> {
  const result = schema.safeParse(JSON.parse(text ?? "null"));
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  return {
    ok: false,
    why: `its content does not fit (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})`,
  };
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** Why a record's digest does not vouch for it, or null. */
export function brokenSeal(found: string | null, expected: string): string | null {
  if (found === null) return "it was recorded by an older version, without a digest";
  return found === expected ? null : "its content is not what was recorded";
}
