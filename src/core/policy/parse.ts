/** `belay-policy.yml`: from its text to a policy file, or to everything that is wrong with it. */
import { inOrder, readFile } from "../config/read.ts";
import type { ConfigError } from "../config/types.ts";
import { POLICY_EXAMPLES, PolicyFile } from "./schema.ts";

export type ParsedPolicy =
  | { readonly ok: true; readonly file: PolicyFile }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const POLICY = {
  schema: PolicyFile,
  examples: POLICY_EXAMPLES,
  empty: "Write `version: 1`, or remove the file: then the shipped default holds.",
};

/** All errors at once, in the order of the file; an error's line and column count from 1. */
export function parsePolicy(text: string): ParsedPolicy {
  const read = readFile(text, POLICY);
  const errors = inOrder(read.errors);
  if (read.source === null || read.value === null || errors.length > 0) return { ok: false, errors };
  return { ok: true, file: read.value };
}
