/** Comments: which of them are commands at all. */
import { z } from "zod";
import { parseCommands } from "../core/commands.ts";
import { commandReceived } from "../flows/command-received.ts";
import { packagesCommand } from "../flows/packages/command.ts";
import { handler, Repository, repositoryOf } from "./handler.ts";

const Comment = Repository.extend({
  issue: z.object({ number: z.number(), pull_request: z.unknown().optional() }),
  comment: z.object({ id: z.number(), body: z.string().nullish() }),
});

export const commentCreated = handler(Comment, async (deps, event) => {
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
