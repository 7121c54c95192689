/** After a new baseline: what was judged on this head was judged against another one. */
import { USUAL_GATES } from "../core/judgement.ts";
import { checkExternalId } from "../core/rendering/check.ts";
import { initialChecks } from "../core/rendering/initial-checks.ts";
import { checkName } from "../core/rendering/words.ts";
import { GATES, type Gate } from "../core/verdict.ts";
import { isPromoted } from "./promoted-head.ts";
import { emit, type Work } from "./work.ts";

/** The head's checks begin anew. A promotion that stands has happened all the same. */
export async function forgetVerdicts(work: Work): Promise<void> {
  const { operation, source, target } = work;
  if (operation.head_sha === "") return;
  const gates = await gatesShown(work);
  const head = { kind: "environment", source: source.name, target: target.name, gates } as const;
  const keeps = (await isPromoted(work.tx, operation)) ? checkName(head.target, "promotion") : null;
  for (const check of initialChecks(operation.head_sha, head)) {
    if (check.name !== keeps) await emit(work, check);
  }
}

/** Every gate that has a check on this head, or will have one; the policy of that moment said which, and may be another now. */
async function gatesShown({ tx, site, operation, target }: Work): Promise<readonly Gate[]> {
  const { head_sha } = operation;
  const asked = { target_environment_id: target.id, kinds: ["promote", "plan"] } as const;
  const before = await tx.operations(asked, { limit: 100 });
  const judged = before
    .filter((one) => one.head_sha === head_sha)
    .flatMap(({ verdict }) => verdict?.gates ?? []);
  const shown = new Set<Gate>([...USUAL_GATES, ...judged.map(({ gate }) => gate)]);
  for (const gate of GATES) {
    const stream = `check:${head_sha}:${checkExternalId(target.name, gate)}`;
    if ((await tx.resource(site.repository.id, stream)) !== null) shown.add(gate);
  }
  return GATES.filter((gate) => shown.has(gate));
}
