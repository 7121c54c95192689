/** A pull request was opened, moved, closed: its head goes on record and gets its checks at once; what it outdates stops. */
import type { SiteConfig } from "../core/config/types.ts";
import { boundToHead } from "../core/operations.ts";
import { hasActivated, OPEN_STATES } from "../core/promotion.ts";
import { voidedByHead } from "../core/rendering/approvals.ts";
import { reasons } from "../core/rendering/endings.ts";
import { type HeadKind, initialChecks } from "../core/rendering/initial-checks.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { Tx } from "../ports/store.ts";
import { stopOperation } from "./cancel.ts";
import { classifyWith, type HeadDeps, type PullRequestInput } from "./classify-head.ts";
import type { Deps } from "./deps.ts";
import { type NoticeReads, noticesFor } from "./merge-notices.ts";
import { keepsChecks } from "./promoted-head.ts";
import { wasReopened } from "./reopened.ts";
import { loadSettings, syncSite } from "./site.ts";

export type PullRequestOutcome = {
  readonly kind: HeadKind["kind"] | "closed" | "late" | "not_set_up";
  /** Operations that were stopped, or asked to stop. */
  readonly stopped: readonly string[];
};

export type ChangedDeps = HeadDeps & Deps<NoticeReads>;

export async function pullRequestChanged(
  deps: ChangedDeps,
  input: PullRequestInput,
): Promise<PullRequestOutcome> {
  const { pull_request } = input;
  if (await wasReopened(deps, input)) return { kind: "late", stopped: [] };
  const seen = pull_request.state === "open" ? await look(deps, input) : null;
  const head = seen?.head ?? null;

  return deps.store.transaction(async (tx) => {
    const delivery = await keep(deps, tx, input);
    // From the first environment pull request on it is a site, whose checks are followed and whose webhooks are missed.
    const config = head?.kind === "environment" && delivery !== "late" ? seen?.config : undefined;
    if (config !== undefined) await syncSite(tx, deps.clock, { repository: input.repository, config });
    if (head !== null && delivery === "news") await postChecks(deps, tx, { input, head });
    const stopped = delivery === "late" ? [] : await stopOutdated(deps, tx, input);
    if (pull_request.state !== "open") return { kind: "closed", stopped };
    return { kind: head?.kind ?? "not_set_up", stopped };
  });
}

interface Seen {
  readonly head: HeadKind;
  readonly config: SiteConfig | undefined;
}

/** What the head is, and for an environment pull request what its repository's settings would do to it. */
async function look(deps: ChangedDeps, input: PullRequestInput): Promise<Seen | null> {
  const loaded = await loadSettings(deps, input.repository);
  const config = loaded.ok ? loaded.settings.config : undefined;
  const head = await classifyWith(deps, loaded, input);
  if (head?.kind !== "environment") return head && { head, config };
  const { head_ref, base_ref, behind = false } = input.pull_request;
  const branches = { head: head_ref, base: base_ref, behind };
  return { head: { ...head, notices: await noticesFor(deps, input.repository, branches) }, config };
}

/** Deliveries repeat and come out of order: only news gets checks, and a late one stops nothing. */
async function keep(
  deps: HeadDeps,
  tx: Tx,
  { repository, pull_request }: PullRequestInput,
): Promise<"news" | "known" | "late"> {
  const { number, base_ref, head_ref, head_repository_id, author, title, state } = pull_request;
  const key = { repository_id: repository.id, number };
  const before = await tx.pullRequest(repository.id, number);
  const heads = await tx.headsOf(repository.id, number);
  const newest = heads.at(-1);
  const late = newest !== undefined && Date.parse(newest.changed_at) > Date.parse(pull_request.updated_at);
  if (!late)
    await tx.putPullRequest({ ...key, base_ref, head_ref, head_repository_id, author, title, state });
  const sha = pull_request.head_sha;
  const known = newest?.sha === sha && before?.base_ref === base_ref && before?.state === state;
  if (newest?.sha !== sha) {
    await tx.addHead({ ...key, sha, changed_at: pull_request.updated_at, seen_at: deps.clock.now() });
  }
  if (late) return "late";
  return known ? "known" : "news";
}

async function postChecks(
  deps: HeadDeps,
  tx: Tx,
  { input, head }: { readonly input: PullRequestInput; readonly head: HeadKind },
): Promise<void> {
  const { head_sha } = input.pull_request;
  if (await keepsChecks(tx, { repository_id: input.repository.id, head_sha, head })) return;
  for (const effect of initialChecks(head_sha, await withVoided(tx, { input, head }))) {
    const row = { id: deps.clock.id(), operation_id: null, repository: input.repository, effect };
    await tx.addEffect({ ...row, not_before: deps.clock.now() });
  }
}

/** Whoever approved an earlier head is told that it counts no more. */
async function withVoided(
  tx: Tx,
  { input, head }: { readonly input: PullRequestInput; readonly head: HeadKind },
): Promise<HeadKind> {
  const site = await tx.siteOfRepository(input.repository.id);
  if (head.kind !== "environment" || site === null) return head;
  const target = (await tx.environmentsOf(site.id)).find(({ name }) => name === head.target);
  if (target === undefined) return head;
  const given = await tx.approvalsOf(target.id, input.pull_request.number);
  const earlier = given.filter(
    ({ kind, bound }) => kind === "promote" && bound.head_sha !== input.pull_request.head_sha,
  );
  return { ...head, voided: earlier.map(({ by, bound }) => voidedByHead(by, bound)) };
}

/** What goes on when its pull request is merged or closed. */
const OUTLIVING: readonly OperationKind[] = ["rollback", "activate"];

/** What has not activated stops: at once where no runner is at work, else at the runner's next safe point. */
async function stopOutdated(
  deps: HeadDeps,
  tx: Tx,
  { repository, pull_request }: PullRequestInput,
): Promise<readonly string[]> {
  const site = await tx.siteOfRepository(repository.id);
  if (site === null) return [];
  const filter = { site_id: site.id, pull_request: pull_request.number, states: OPEN_STATES };
  const stopped: string[] = [];
  for (const operation of await tx.operations(filter, { limit: 100 })) {
    const closed = pull_request.state !== "open" && !OUTLIVING.includes(operation.kind);
    const moved = boundToHead(operation.kind) && operation.head_sha !== pull_request.head_sha;
    if (hasActivated(operation.state) || !(closed || moved)) continue;
    const reason = closed ? reasons.closed() : reasons.headMoved(pull_request.head_sha);
    if (await stopOperation(deps, tx, { id: operation.id, reason, actor: "bot" })) stopped.push(operation.id);
  }
  return stopped;
}
