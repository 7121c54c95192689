/** What the bot and a thread that judges packages say to each other. Both are this program, so nothing is checked. */
import type { Answer, Question } from "../core/packages/judging/types.ts";

export type Said =
  | { readonly kind: "question"; readonly question: Question }
  /** Contents by git's id, of what the thread missed. */
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, Uint8Array> };

export type Reply =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** It can go on only with these contents. */
  | { readonly kind: "missing"; readonly ids: readonly string[] }
  /** A fault in the judging itself. */
  | { readonly kind: "fault"; readonly message: string };
