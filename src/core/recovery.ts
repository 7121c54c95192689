/** What a recovery's report says of an operation whose end nobody saw. It tells the truth or leaves the doubt as it is. */
import type { Facts } from "./facts.ts";
import type { PromotionEvent } from "./promotion.ts";
import * as words from "./rendering/recovery.ts";
import { shortId } from "./rendering/words.ts";
import type { OperationKind } from "./vocabulary.ts";

export interface Doubtful {
  readonly id: string;
  readonly kind: OperationKind;
  readonly source: string;
  readonly target: string;
  /** Releases as the host names them (12 hexadecimal digits). */
  readonly release_before: string | null;
  /** What it makes the target run: a promotion its release, a rollback the one before; null where no record tells. */
  readonly release_after: string | null;
}

export type Resolution =
  | {
      readonly kind: "resolved";
      readonly event: Extract<PromotionEvent, "finished" | "rolled_back" | "failed">;
      readonly code: string;
      readonly message: string;
      readonly broken: boolean;
      /** What the target runs now, where the operation made it so. */
      readonly release_after: string | null;
    }
  | { readonly kind: "open"; readonly message: string };

export function resolve(operation: Doubtful, facts: Facts["recover"]): Resolution {
  if (!facts.settled) return { kind: "open", message: words.notSettled(operation.target) };
  if (operation.kind === "refresh") {
    const message = words.refreshInterrupted(operation.source);
    return {
      kind: "resolved",
      event: "failed",
      code: "RECOVERED",
      message,
      broken: true,
      release_after: null,
    };
  }
  const release = shortId(facts.active.release);
  const told = toldOfReverting(operation, facts);
  if (!told && isOurs(operation, facts)) return switched(operation, { release, healthy: facts.healthy });
  const reverted = told || leftOldRelease(operation, facts);
  return {
    kind: "resolved",
    event: reverted ? "rolled_back" : "failed",
    code: "RECOVERED",
    message: words.notSwitched(operation, { release, reverted, healthy: facts.healthy }),
    broken: !facts.healthy,
    release_after: null,
  };
}

function switched(
  operation: Doubtful,
  { release, healthy }: { readonly release: string; readonly healthy: boolean },
): Resolution {
  return {
    kind: "resolved",
    event: healthy ? "finished" : "failed",
    code: healthy ? "done" : "RECOVERED_UNHEALTHY",
    message: words.switched(operation, { release, healthy }),
    broken: !healthy,
    release_after: release,
  };
}

/**
 * The host notes which operation made the active release so, and a promotion that went back did that, too: under its own name the
 * old release runs again. A repeated rollback may have been noted under the first's name.
 */
function isOurs(operation: Doubtful, facts: Facts["recover"]): boolean {
  const { active } = facts;
  const release = shortId(active.release);
  if (active.operation_id === operation.id) return operation.kind !== "promote" || isNew(operation, facts);
  return (
    operation.kind === "rollback" &&
    operation.release_after === release &&
    release !== operation.release_before
  );
}

/** Whether what runs is what the promotion brought. Without any record of the releases, the host must remember its confirmation. */
function isNew(
  { release_before, release_after }: Doubtful,
  { active, promotion }: Facts["recover"],
): boolean {
  const release = shortId(active.release);
  if (release_after !== null) return release === release_after;
  return release_before === null ? promotion !== undefined : release !== release_before;
}

/** Whoever went back, the runner's own steps or the host: what this promotion left active is not what it brought. */
function leftOldRelease({ id, kind }: Doubtful, { active }: Facts["recover"]): boolean {
  return kind === "promote" && active.operation_id === id;
}

/** The host tells only of what it took back itself. */
function toldOfReverting({ id }: Doubtful, { reports, found }: Facts["recover"]): boolean {
  return (
    reports.some((report) => report.operation_id === id) ||
    found.some((one) => one.operation_id === id && one.done === "reverted")
  );
}
