/**
 * The bot's lock: at most one operation holds an environment. Whatever dispatches work asks for the proof as a parameter,
 * so that acting without the lock does not compile.
 */
const granted: unique symbol = Symbol("lock granted");

export interface LockProof {
  readonly [granted]: true;
  readonly operation_id: string;
  /** Every environment that the operation works on; all were free, or none was taken. */
  readonly environment_ids: readonly string[];
}

/** Only the store calls this, in the transaction that wrote (or found) the operation's lock rows. */
export function grantLock(operation_id: string, environment_ids: readonly string[]): LockProof {
  return { [granted]: true, operation_id, environment_ids };
}

/** Who holds one of the environments asked for: an operation, or a person who locked it. */
export type LockHeld = {
  readonly environment_id: string;
  readonly since: string;
} & (
  | { readonly by: "operation"; readonly held_by: string }
  | { readonly by: "person"; readonly login: string; readonly reason: string }
);

/** Narrows the answer of `Tx.acquireLock`. */
export function isGranted(answer: LockProof | LockHeld): answer is LockProof {
  return granted in answer;
}
