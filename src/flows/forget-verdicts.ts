/** After a new baseline: what was judged on this head was judged against another one. */
import { initialChecks } from "../core/rendering/initial-checks.ts";
import { checkName } from "../core/rendering/words.ts";
import { isPromoted } from "./promoted-head.ts";
import { emit, type Work } from "./work.ts";

/** The head's checks begin anew. A promotion that stands has happened all the same. */
export async function forgetVerdicts({ operation, ...work }: Work): Promise<void> {
  if (operation.head_sha === "") return;
  const head = { kind: "environment", source: work.source.name, target: work.target.name } as const;
  const keeps = (await isPromoted(work.tx, operation)) ? checkName(head.target, "promotion") : null;
  for (const check of initialChecks(operation.head_sha, head)) {
    if (check.name !== keeps) await emit({ operation, ...work }, check);
  }
}
