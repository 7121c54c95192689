/** A job that wants an environment is answered: approved for the run that holds an operation of it, rejected for every other. */
import { RunNotNamedYet } from "../core/outage.ts";
import { OPEN_STATES } from "../core/promotion.ts";
import { judgeProtection, runOfCallback } from "../core/protection.ts";
import { protectionSentence } from "../core/rendering/protection.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { openRecovery } from "./recover.ts";

export interface ProtectionInput {
  readonly repository: Repository;
  readonly environment: string;
  readonly callback_url: string;
  /** Of the deployment that waits: one of them is answered once. Null: GitHub named none. */
  readonly deployment_id: number | null;
}

export interface ProtectionOutcome {
  readonly kind: "approved" | "rejected" | "ignored";
  readonly reason: string;
}

/** @throws RunNotNamedYet when the run may turn out to be one of ours: the delivery is taken up again, however long that lasts */
export async function protectionRequested(
  deps: Deps<never>,
  input: ProtectionInput,
): Promise<ProtectionOutcome> {
  const run_id = runOfCallback(input.callback_url);
  if (run_id === null) return { kind: "ignored", reason: "no run is named" };
  return deps.store.transaction(async (tx) => {
    const { environment, repository, deployment_id } = input;
    const site = await tx.siteOfRepository(repository.id);
    const operations = site === null ? [] : await underWay(tx, site.id);
    const judged = judgeProtection({ run_id, environment, operations });
    if (judged.kind === "later")
      throw new RunNotNamedYet("GitHub has not told Belay yet which run it started.");
    const at = deps.clock.now();
    // Where no deployment is named, this may be another job of the same run: better answered twice than never.
    const key = deployment_id === null ? null : `protection:${repository.id}:${run_id}:${deployment_id}`;
    if (key !== null && !(await tx.claimOnce(key, at))) return { kind: "ignored", reason: "seen before" };
    const { state, operation_id } = judged;
    const comment =
      operation_id !== null && state === "approved"
        ? protectionSentence.approved(operation_id)
        : protectionSentence.rejected;
    await tx.addEffect({
      id: deps.clock.id(),
      operation_id,
      repository,
      effect: { kind: "protection", run_id, environment, state, comment },
      not_before: at,
    });
    await tx.addAudit({
      actor: "bot",
      action: `protection.${state}`,
      subject: `run:${run_id}`,
      site_id: site?.id ?? null,
      reason: comment,
      details: { environment },
      at,
    });
    return { kind: state, reason: comment };
  });
}

async function underWay(tx: Tx, site_id: string) {
  const open = await tx.operations({ site_id, states: OPEN_STATES }, { limit: 100 });
  const names = new Map((await tx.environmentsOf(site_id)).map(({ id, name }) => [id, name]));
  return Promise.all(
    open.map(async (operation) => ({
      ...operation,
      target: names.get(operation.target_environment_id) ?? "",
      recovering: operation.state === "unknown" && (await openRecovery({ tx, operation })) !== null,
    })),
  );
}
