/** The Probot app: every signed webhook is stored and answered at once; this table says which flow works on it later. */
import { z } from "zod";
import { parseCommands } from "./core/commands.ts";
import { isBehind } from "./core/merge-settings.ts";
import { buttonClicked } from "./flows/button-clicked.ts";
import { checkRerequested } from "./flows/checks-again.ts";
import { commandReceived } from "./flows/command-received.ts";
import { configurationProposed } from "./flows/configuration-proposed.ts";
import { protectionRequested } from "./flows/deployment-protection.ts";
import type { Deps } from "./flows/deps.ts";
import { mergeGroupRequested } from "./flows/merge-group.ts";
import { packagesCommand } from "./flows/packages/command.ts";
import { packagesGroup, packagesRerequested } from "./flows/packages/heads.ts";
import { packagesChanged } from "./flows/packages/pull-request.ts";
import { pullRequestChanged } from "./flows/pull-request-changed.ts";
import { foreignCheckChanged, reviewChanged } from "./flows/rejudge.ts";
import { runEnded } from "./flows/run-lost.ts";
import { isOfSettings, settingsPushed } from "./flows/settings-pushed.ts";
import type { WebhookReceiver } from "./http/webhook.ts";
import type { Clock } from "./ports/clock.ts";
import type { DeliveryRow, Queue } from "./ports/queue.ts";

export interface Inbox {
  readonly queue: Pick<Queue, "addDelivery">;
  readonly clock: Pick<Clock, "now">;
  /** There is a delivery to work on. */
  readonly wake: () => void;
}

/**
 * For webhooks whose signature holds: stores those that a flow works on. It stands in for Probot's own handlers, which would make a
 * client of GitHub for every event before anything is stored.
 */
export function receiveInto({ queue, clock, wake }: Inbox): WebhookReceiver["receive"] {
  return async ({ id, name, payload }) => {
    const { action } = Action.safeParse(payload).data ?? {};
    const event = action === undefined ? name : `${name}.${action}`;
    const known = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
    if (known === undefined || saysNothing(payload) || (event === "push" && !matters(payload))) return;
    await queue.addDelivery({ id, event, payload: known.kept(payload), received_at: clock.now() });
    wake();
  };
}

const Action = z.object({ action: z.string() });

const OwnCheck = z.object({
  action: z.enum(["created", "completed"]),
  check_run: z.object({ external_id: z.string().startsWith("belay:") }),
});
const BotsComment = z.object({
  comment: z.object({ body: z.string().nullish(), user: z.object({ type: z.literal("Bot") }) }),
});

/**
 * Each of our own writes comes back as an event, which says nothing new; a check that only looks so is looked at when it counts. Few
 * bots' comments are commands, and ours, which hold none, are among them.
 */
function saysNothing(payload: unknown): boolean {
  const said = BotsComment.safeParse(payload).data;
  if (said !== undefined) return parseCommands(said.comment.body ?? "").length === 0;
  return OwnCheck.safeParse(payload).success;
}

/** What a delivery led to, for the log. */
export type Outcome = Readonly<Record<string, unknown>> | null;

interface Handler {
  /** What is stored: the part that the flow reads, of 1 KB instead of 20. What cannot be read is kept whole, to be looked at. */
  readonly kept: (payload: unknown) => unknown;
  readonly handle: (deps: Deps, payload: unknown) => Promise<Outcome>;
}

function handler<T>(shape: z.ZodType<T>, handle: (deps: Deps, event: T) => Promise<Outcome>): Handler {
  return {
    kept: (payload) => shape.safeParse(payload).data ?? payload,
    handle: async (deps, payload) => handle(deps, shape.parse(payload)),
  };
}

const Repository = z.object({
  repository: z.object({
    id: z.number(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    default_branch: z.string(),
  }),
  installation: z.object({ id: z.number() }),
});

function repositoryOf({ repository, installation }: z.infer<typeof Repository>) {
  const { id, name, owner, default_branch } = repository;
  return { id, name, owner: owner.login, default_branch, installation_id: installation.id };
}

const Comment = Repository.extend({
  issue: z.object({ number: z.number(), pull_request: z.unknown().optional() }),
  comment: z.object({ id: z.number(), body: z.string().nullish() }),
});

const commentCreated = handler(Comment, async (deps, event) => {
  if (!event.issue.pull_request) return { kind: "ignored", reason: "not a pull request" };
  const { id: comment_id, body } = event.comment;
  // What becomes a command later was edited: most comments cost no request.
  if (body != null && parseCommands(body).length === 0) return { kind: "ignored", reason: "no command" };
  const input = {
    repository: repositoryOf(event),
    pull_request: event.issue.number,
    comment_id,
    told: body ?? null,
  };
  return (await packagesCommand(deps, input)) ?? commandReceived(deps, input);
});

const PullRequest = Repository.extend({
  pull_request: z.object({
    number: z.number(),
    state: z.enum(["open", "closed"]),
    merged: z.boolean().nullish(),
    title: z.string(),
    user: z.object({ login: z.string() }).nullable(),
    base: z.object({ ref: z.string() }),
    head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullable() }),
    updated_at: z.string(),
    mergeable_state: z.string().nullish(),
  }),
});

const pullRequestEvent = handler(PullRequest, async (deps, event) => {
  const { number, state, merged, title, user, base, head, updated_at, mergeable_state } = event.pull_request;
  const input = {
    repository: repositoryOf(event),
    pull_request: {
      ...{ number, title, updated_at, base_ref: base.ref, head_ref: head.ref, head_sha: head.sha },
      state: merged === true ? ("merged" as const) : state,
      author: user?.login ?? "ghost",
      head_repository_id: head.repo?.id ?? null,
      behind: isBehind(mergeable_state),
    },
  };
  const outcome = await pullRequestChanged(deps, input);
  const configuration = await configurationProposed(deps, input);
  return { ...outcome, configuration, packages: await packagesChanged(deps, input) };
});

const PullRequestReview = Repository.extend({ pull_request: z.object({ number: z.number() }) });

const reviewEvent = handler(PullRequestReview, async (deps, event) => {
  const pull_request = event.pull_request.number;
  return { ...(await reviewChanged(deps, { repository: repositoryOf(event), pull_request })) };
});

const CheckRun = Repository.extend({ check_run: z.object({ head_sha: z.string() }) });

const checkRunCompleted = handler(CheckRun, async (deps, event) => {
  const { head_sha } = event.check_run;
  return { ...(await foreignCheckChanged(deps, { repository: repositoryOf(event), head_sha })) };
});

const CheckSuite = Repository.extend({ check_suite: z.object({ head_sha: z.string() }) });

const checkSuiteCompleted = handler(CheckSuite, async (deps, event) => {
  const { head_sha } = event.check_suite;
  return { ...(await foreignCheckChanged(deps, { repository: repositoryOf(event), head_sha })) };
});

const WorkflowRun = z.object({
  repository: z.object({ id: z.number() }),
  workflow_run: z.object({ id: z.number() }),
});

const workflowRunCompleted = handler(WorkflowRun, async (deps, { repository, workflow_run }) => {
  const outcome = await runEnded(deps, { repository_id: repository.id, run_id: workflow_run.id });
  return outcome === null ? null : { ...outcome };
});

const Rerequested = Repository.extend({
  check_run: z.object({ head_sha: z.string(), external_id: z.string().nullable() }),
});

const checkRunRerequested = handler(Rerequested, async (deps, event) => {
  const { head_sha, external_id } = event.check_run;
  if (external_id === null) return null;
  const asked = { repository: repositoryOf(event), head_sha, external_id };
  return { ...((await packagesRerequested(deps, asked)) ?? (await checkRerequested(deps, asked))) };
});

const Clicked = Repository.extend({
  check_run: z.object({
    id: z.number(),
    head_sha: z.string(),
    external_id: z.string().nullable(),
    completed_at: z.string().nullable(),
  }),
  requested_action: z.object({ identifier: z.string() }),
  sender: z.object({ login: z.string(), type: z.string() }),
});

const checkRunClicked = handler(Clicked, async (deps, event) => {
  const { id, head_sha, external_id, completed_at } = event.check_run;
  return buttonClicked(deps, {
    repository: repositoryOf(event),
    check_run: { id, head_sha, external_id: external_id ?? "", completed_at: completed_at ?? "" },
    button: event.requested_action.identifier,
    login: event.sender.login,
    is_person: event.sender.type === "User",
  });
});

const MergeGroup = Repository.extend({
  merge_group: z.object({ head_sha: z.string(), head_ref: z.string(), base_ref: z.string() }),
});

const mergeGroup = handler(MergeGroup, async (deps, event) => {
  const asked = { repository: repositoryOf(event), ...event.merge_group };
  const packages = await packagesGroup(deps, asked);
  return { ...(await mergeGroupRequested(deps, asked)), packages };
});

const ProtectionRule = Repository.extend({
  environment: z.string(),
  deployment_callback_url: z.string(),
  deployment: z.object({ id: z.number() }).nullish(),
});

const protectionRule = handler(ProtectionRule, async (deps, event) => {
  const { environment, deployment_callback_url: callback_url, deployment } = event;
  const deployment_id = deployment?.id ?? null;
  const asked = { repository: repositoryOf(event), environment, callback_url, deployment_id };
  return { ...(await protectionRequested(deps, asked)) };
});

const Push = Repository.extend({
  ref: z.string(),
  commits: z.array(
    z.object({ added: z.array(z.string()), removed: z.array(z.string()), modified: z.array(z.string()) }),
  ),
});

function pushOf(event: z.infer<typeof Push>) {
  const paths = event.commits.flatMap(({ added, removed, modified }) => [...added, ...removed, ...modified]);
  return { repository: repositoryOf(event), ref: event.ref, paths };
}

const pushed = handler(Push, async (deps, event) => ({ ...(await settingsPushed(deps, pushOf(event))) }));

/** Of all pushes only those to settings are stored. */
function matters(payload: unknown): boolean {
  const push = Push.safeParse(payload);
  return push.success && isOfSettings(pushOf(push.data));
}

/** Everything else that GitHub sends is answered and forgotten. */
const EVENTS: Readonly<Record<string, Handler>> = {
  "issue_comment.created": commentCreated,
  push: pushed,
  "pull_request.opened": pullRequestEvent,
  "pull_request.reopened": pullRequestEvent,
  "pull_request.synchronize": pullRequestEvent,
  "pull_request.edited": pullRequestEvent,
  "pull_request.closed": pullRequestEvent,
  "pull_request_review.submitted": reviewEvent,
  "pull_request_review.dismissed": reviewEvent,
  "check_run.completed": checkRunCompleted,
  "check_run.rerequested": checkRunRerequested,
  "check_run.requested_action": checkRunClicked,
  "merge_group.checks_requested": mergeGroup,
  "check_suite.completed": checkSuiteCompleted,
  "deployment_protection_rule.requested": protectionRule,
  "workflow_run.completed": workflowRunCompleted,
};

/**
 * Whether a delivery of this event (`issue_comment.created`) that was lost is to be had again. Of pushes few matter, and what those change
 * is looked up every few minutes anyway.
 */
export const isKnownEvent = (event: string): boolean => event !== "push" && Object.hasOwn(EVENTS, event);

/** Works on a stored delivery. @throws when it should be tried again */
export async function handleDelivery(
  deps: Deps,
  { event, payload }: Pick<DeliveryRow, "event" | "payload">,
): Promise<Outcome> {
  return (await EVENTS[event]?.handle(deps, payload)) ?? null;
}
