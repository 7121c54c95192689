/**
 * One commit on top of exactly one head: the branch moves forward from there, or not at all. Whoever came first is never
 * overwritten, because GitHub refuses what is no fast-forward. A commit whose answer was lost is found by its nonce.
 */
import type { EffectResult, PointersEffect } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

/** The line of the message by which the commit is found again. */
export const nonceLine = (nonce: string): string => `Belay-Operation: ${nonce}`;

export async function applyPointers(applying: Applying, effect: PointersEffect): Promise<EffectResult> {
  const { client, repository } = applying;
  const target = nameOf(repository);
  const { data: ref } = await client.rest.git.getRef({ ...target, ref: `heads/${effect.branch}` });
  if (ref.object.sha !== effect.expected_head) return (await ownCommit(applying, effect)) ?? MOVED;
  const { data: parent } = await client.rest.git.getCommit({ ...target, commit_sha: effect.expected_head });
  const { data: tree } = await client.rest.git.createTree({
    ...target,
    base_tree: parent.tree.sha,
    tree: effect.files.map(({ path, text }) => ({ path, mode: "100644", type: "blob", content: text })),
  });
  const { data: commit } = await client.rest.git.createCommit({
    ...target,
    message: effect.message,
    tree: tree.sha,
    parents: [effect.expected_head],
  });
  try {
    await client.rest.git.updateRef({
      ...target,
      ref: `heads/${effect.branch}`,
      sha: commit.sha,
      force: false,
    });
  } catch (error) {
    // An earlier attempt that GitHub had no answer to may have moved the branch after all, and only now.
    if (isNoFastForward(error)) return (await ownCommit(applying, effect)) ?? MOVED;
    if (isProtected(error)) return PROTECTED;
    throw error;
  }
  return { ok: true, external_id: null, url: commit.html_url, commit: commit.sha };
}

const MOVED: EffectResult = {
  ok: false,
  retry: false,
  code: "POINTERS_MOVED",
  message: "The branch moved on before the pointers could be moved; it is judged anew.",
};

const PROTECTED: EffectResult = {
  ok: false,
  retry: false,
  code: "POINTERS_PROTECTED",
  message:
    "The branch is protected, and Belay's App may not commit to it: add the App to those who may bypass its rules.",
};

/** So far back a commit of ours is looked for. More do not come on top of it while its answer is lost. */
const MOST_COMMITS = 5_000;
const AT_ONCE = 100;

/** Our commit lies directly on the head that was judged: the branch is followed back to there. */
async function ownCommit(
  { client, repository }: Applying,
  { branch, expected_head, nonce }: PointersEffect,
): Promise<EffectResult | null> {
  const asked = { ...nameOf(repository), sha: branch, per_page: AT_ONCE };
  let looked = 0;
  const found = await client.paginate(client.rest.repos.listCommits, asked, ({ data }, done) => {
    looked += data.length;
    const own = data.filter(
      ({ commit, parents }) =>
        parents.length === 1 &&
        parents[0]?.sha === expected_head &&
        commit.message.split("\n").includes(nonceLine(nonce)),
    );
    if (own.length > 0 || looked >= MOST_COMMITS || data.some(({ sha }) => sha === expected_head)) done();
    return own;
  });
  const [own] = found;
  return own === undefined ? null : { ok: true, external_id: null, url: own.html_url, commit: own.sha };
}

const saidBy = (error: unknown, status: number): string =>
  error instanceof Error && "status" in error && error.status === status ? error.message : "";

const isNoFastForward = (error: unknown): boolean => /not a fast forward/i.test(saidBy(error, 422));

const isProtected = (error: unknown): boolean =>
  /protected|rule violations|required status/i.test(saidBy(error, 422) + saidBy(error, 409)) ||
  /protected|rule violations/i.test(saidBy(error, 403));
