/** The port to GitHub: reads, and effects that may be applied twice without harm. */
import type { Effect, EffectResult } from "../core/effects.ts";
import type { Github } from "../ports/github.ts";
import { applyAnchor, applyTag } from "./anchors.ts";
import { applyCheck } from "./checks.ts";
import type { Clients } from "./client.ts";
import { applyAnswer, applyComment, applyReaction } from "./comments.ts";
import { applyDeployment, applyDeploymentStatus } from "./deployments.ts";
import { applyDispatch } from "./dispatch.ts";
import { githubError } from "./error.ts";
import { pausing } from "./pauses.ts";
import { applyPointers } from "./pointers.ts";
import { applyProtection } from "./protection.ts";
import { reads } from "./read.ts";
import { applySync, type SyncWebhooks, type Telling } from "./sync.ts";

export interface GithubOptions {
  readonly clients: Clients;
  /** Belay's own App: only what it made counts as ours. */
  readonly app_id: number;
  /** Where runtimes listen; none when absent. */
  readonly sync_webhooks?: SyncWebhooks;
}

export function github({ clients: unpaused, app_id, sync_webhooks = {} }: GithubOptions): Github {
  const telling = { webhooks: sync_webhooks, fetch };
  const pauses = pausing(unpaused, () => performance.now());
  const { clients } = pauses;
  return {
    app_id,
    ...reads(pauses, app_id),
    applyEffect: async (repository, effect, known, untried = false) => {
      try {
        const client = await clients(repository.installation_id);
        return await apply({ client, repository, known, untried, app_id, ...telling }, effect);
      } catch (cause) {
        const error = githubError(cause, DOING[effect.kind]);
        pauses.note(repository.installation_id, error);
        const { retry, code, message, retry_after_s } = error;
        return { ok: false, retry, code, message, retry_after_s };
      }
    },
  };
}

function apply(applying: Telling, effect: Effect): Promise<EffectResult> {
  switch (effect.kind) {
    case "anchor":
      return applyAnchor(applying, effect);
    case "reaction":
      return applyReaction(applying, effect);
    case "comment":
      return applyComment(applying, effect);
    case "answer":
      return applyAnswer(applying, effect);
    case "check":
      return applyCheck(applying, effect);
    case "dispatch":
      return applyDispatch(applying, effect);
    case "deployment":
      return applyDeployment(applying, effect);
    case "deployment_status":
      return applyDeploymentStatus(applying, effect);
    case "protection":
      return applyProtection(applying, effect);
    case "tag":
      return applyTag(applying, effect);
    case "pointers":
      return applyPointers(applying, effect);
    case "sync":
      return applySync(applying, effect);
  }
}

const DOING: Readonly<Record<Effect["kind"], string>> = {
  anchor: "tag what the audit log holds",
  reaction: "react to a comment",
  comment: "write its comment",
  answer: "answer a comment",
  check: "write a check run",
  dispatch: "start the workflow",
  deployment: "create a deployment",
  deployment_status: "write a deployment's status",
  protection: "answer its deployment protection rule",
  tag: "make a tag",
  pointers: "commit the moved pointers",
  sync: "tell the runtime of the moved pointers",
};
