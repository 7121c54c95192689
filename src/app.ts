/** The Probot app: every signed webhook is stored and answered at once; this table says which flow works on it later. */
import { z } from "zod";
import { parseCommands } from "./core/commands.ts";
import {
  checkRunClicked,
  checkRunCompleted,
  checkRunRerequested,
  checkSuiteCompleted,
} from "./events/checks.ts";
import { commentCreated } from "./events/comments.ts";
import type { Handler, Outcome } from "./events/handler.ts";
import { mergeGroup, pullRequestEvent, reviewEvent } from "./events/pull-requests.ts";
import { matters, pushed } from "./events/pushes.ts";
import { protectionRule, workflowRunCompleted } from "./events/runs.ts";
import type { Deps } from "./flows/deps.ts";
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
