/** What is asked of GitHub so that packages can be judged, and the judging itself, which is done on another thread. */

import type { Unreadable } from "../../core/gates/validation.ts";
import { type Listing, listingOf } from "../../core/packages/judging/listing.ts";
import type { Answer, Question } from "../../core/packages/judging/types.ts";
import { badGuardrail, notRead } from "../../core/rendering/packages/words.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Deps } from "../deps.ts";

type AnswerOf<K extends Question["kind"]> = Extract<Answer, { readonly kind: K }>;

export type Asked<K extends Question["kind"]> =
  | { readonly ok: true; readonly answer: AnswerOf<K> }
  | { readonly ok: false; readonly why: Unreadable };

/** Has a question judged; what it needs of the repository's contents is read while it is. @throws GithubError */
export async function ask<K extends Question["kind"]>(
  { packages, github }: Deps<"blobs">,
  repository: Repository,
  question: Extract<Question, { readonly kind: K }>,
): Promise<Asked<K>> {
  const judged = await packages.ask(question, (ids) => github.blobs(repository, ids));
  if (!judged.ok) return { ok: false, why: notRead(judged.what) };
  const { answer } = judged;
  if (answer.kind === "bad_guardrail") return { ok: false, why: badGuardrail(answer.sentence) };
  if (!isOf(answer, question.kind)) throw new Error(`A question of ${question.kind} was answered otherwise.`);
  return { ok: true, answer };
}

const isOf = <K extends Question["kind"]>(answer: Answer, kind: K): answer is AnswerOf<K> =>
  answer.kind === kind;

/** The files of commits: the same commit is asked for once. */
export async function listingsOf<Names extends string>(
  deps: Deps<"tree">,
  repository: Repository,
  commits: Readonly<Record<Names, string>>,
): Promise<(name: Names) => Listing> {
  const read = new Map<string, Listing>();
  for (const commit of new Set<string>(Object.values(commits))) {
    read.set(commit, listingOf(await deps.github.tree(repository, commit)));
  }
  return (name) => read.get(commits[name]) ?? "";
}
