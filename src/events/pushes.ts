/** Pushes: of all of them only those to settings matter. */
import { z } from "zod";
import { isOfSettings, settingsPushed } from "../flows/settings-pushed.ts";
import { handler, Repository, repositoryOf } from "./handler.ts";

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

export const pushed = handler(Push, async (deps, event) => ({
  ...(await settingsPushed(deps, pushOf(event))),
}));

/** Of all pushes only those to settings are stored. */
export function matters(payload: unknown): boolean {
  const push = Push.safeParse(payload);
  return push.success && isOfSettings(pushOf(push.data));
}
