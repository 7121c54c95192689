/** A request of the API that names itself by a key: asked again, it is answered as it was the first time. */
import { keyReused } from "../core/rendering/answers.ts";
import type { Tx } from "../ports/store.ts";
import { type ApiOutcome, refuse } from "./api-scene.ts";
import type { Deps } from "./deps.ts";

export interface Once {
  /** Chosen by whoever asks, and theirs alone. */
  readonly key: string;
  /** Digest of what is asked for. */
  readonly request: string;
}

interface Asking {
  /** Login of the person whose token was checked. */
  readonly actor: string;
  readonly once: Once | null;
}

/** Looked for first of all: the pull request may be merged when the answer that was lost is asked for again. */
export async function answeredBefore(deps: Deps<never>, asking: Asking): Promise<ApiOutcome | null> {
  return asking.once === null ? null : deps.store.transaction((tx) => answerOf(tx, asking));
}

/** The answer is kept in the transaction that acts; what was refused before that is judged anew when it is asked again. */
export async function answerOnce(
  deps: Deps<never>,
  asking: Asking,
  act: (tx: Tx) => Promise<ApiOutcome>,
): Promise<ApiOutcome> {
  const { actor, once } = asking;
  return deps.store.transaction(async (tx) => {
    const before = await answerOf(tx, asking);
    if (before !== null) return before;
    const answer = await act(tx);
    if (once !== null)
      await tx.addApiRequest({ ...once, login: nameOf(actor), answer, at: deps.clock.now() });
    return answer;
  });
}

async function answerOf(tx: Tx, { actor, once }: Asking): Promise<ApiOutcome | null> {
  const before = once === null ? null : await tx.apiRequest(nameOf(actor), once.key);
  if (before === null) return null;
  return before.request === once?.request ? before.answer : refuse(409, keyReused());
}

const nameOf = (login: string): string => login.toLowerCase();
