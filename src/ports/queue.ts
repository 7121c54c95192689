/** What comes in and what goes out: deliveries, effects, and the loop's way to them. */
import type { CheckEffect, Effect, EffectResult } from "../core/effects.ts";
import type { OperationKind, PromotionState } from "../core/vocabulary.ts";
import type { Repository } from "./sites.ts";

/** A row of the outbox. The store numbers it, so that one stream is applied in order. */
export interface EffectRow {
  readonly id: string;
  readonly seq: number;
  readonly stream: string;
  readonly operation_id: string | null;
  readonly repository: Repository;
  readonly effect: Effect;
  readonly state: "pending" | "done" | "failed" | "superseded";
  readonly attempts: number;
  /** Attempts that failed by the effect's own fault: an outage is none. */
  readonly faults: number;
  /** Code of the outage that the last attempt met; null: none. */
  readonly outage: string | null;
  readonly not_before: string;
  readonly last_error: string | null;
}

/** What a flow writes; `not_before` delays it (progress edits). An older pending effect it supersedes is marked so. */
export interface NewEffect {
  readonly id: string;
  readonly operation_id: string | null;
  readonly repository: Repository;
  readonly effect: Effect;
  readonly not_before: string;
}

/** What an applied effect made on GitHub: the result is found by its stream. */
export interface ResourceRow {
  readonly repository_id: number;
  readonly stream: string;
  readonly external_id: number | null;
  readonly url: string | null;
}

/** The newest state of a check that the store has, and whether GitHub was told. */
export interface ShownCheck {
  readonly effect: CheckEffect;
  readonly state: "pending" | "done" | "failed";
}

/** An effect that was applied: what it shows is on GitHub's page since then. */
export interface ShownSince {
  readonly stream: string;
  /** When it was to be applied, at the earliest. */
  readonly due_at: string;
  readonly since: string;
}

/** A webhook as it came in; its work is done later, outside the request. */
export interface DeliveryRow {
  readonly id: string;
  readonly event: string;
  readonly payload: unknown;
  readonly received_at: string;
  readonly state: "pending" | "done" | "failed";
  /** The repository's id: its deliveries are worked on one at a time, and wait for no other repository's. */
  readonly stream: string;
  readonly attempts: number;
  /** Attempts that failed by the delivery's own fault: an outage is none. */
  readonly faults: number;
  /** Code of the outage that the last attempt met; null: none. */
  readonly outage: string | null;
  readonly not_before: string;
  readonly last_error: string | null;
}

/** What was set aside, for a person who looks why. */
export interface SetAsideRow {
  readonly queue: "deliveries" | "effects";
  readonly id: string;
  /** The event of a delivery, the kind of an effect. */
  readonly what: string;
  /** Null: a webhook that belongs to no repository. */
  readonly repository_id: number | null;
  readonly operation_id: string | null;
  readonly attempts: number;
  readonly last_error: string | null;
}

/** Numbers about the bot's work, for whoever watches it. Times in seconds. */
export interface Figures {
  readonly operations: readonly {
    readonly kind: OperationKind;
    readonly state: PromotionState;
    readonly count: number;
  }[];
  /** From the command to the end, of those that succeeded. */
  readonly durations: readonly {
    readonly kind: OperationKind;
    readonly count: number;
    readonly seconds: number;
  }[];
  readonly deliveries: readonly { readonly state: DeliveryRow["state"]; readonly count: number }[];
  readonly effects: readonly { readonly state: EffectRow["state"]; readonly count: number }[];
  /** How long the oldest waits that could be worked on; 0 where none waits. */
  readonly waiting_s: { readonly deliveries: number; readonly effects: number };
  /** Pieces of work that met an outage when they were last tried, by its code. */
  readonly outages: readonly {
    readonly queue: "deliveries" | "effects";
    readonly code: string;
    readonly count: number;
  }[];
  readonly locks: number;
}

/** The loop's side of deliveries and effects: rows taken with FOR UPDATE SKIP LOCKED; flows do not use it. */
export interface Queue {
  /** After so many failures of its own a row is set aside. */
  readonly most_faults: number;
  figures(now: string): Promise<Figures>;
  /** False when a delivery of this id is stored already. */
  addDelivery(row: Pick<DeliveryRow, "id" | "event" | "payload" | "received_at">): Promise<boolean>;
  /**
   * Hands one due delivery to `work`: of each repository one at a time. Done when it returns, tried again later when it throws;
   * an outage (core/outage.ts) is tried again without end. False when none is due.
   */
  takeDelivery(now: string, work: (row: DeliveryRow) => Promise<void>): Promise<boolean>;
  /**
   * Hands the first due effect of a free stream to `work` and records the result. False when none is due. `untried`: no effect of this
   * stream has ever been tried, so there is nothing of it on GitHub; of a run: GitHub was not asked for it so lately that it may not
   * list it yet.
   */
  takeEffect(
    now: string,
    work: (row: EffectRow, known: ResourceRow | null, untried: boolean) => Promise<EffectResult>,
  ): Promise<boolean>;
  /** What came in, or was given up first, since `since`, oldest first. */
  setAside(since: string): Promise<readonly SetAsideRow[]>;
  /**
   * The store was put back from a backup (remembered as `Tx.restoredAt`): from now on what an effect makes is looked for at GitHub first,
   * runs that were to be started are not, and buttons that wait to be worked on are set aside.
   */
  restored(now: string): Promise<void>;
  /** Lets pieces of work that were set aside be tried again, as if for the first time. @returns how many were */
  tryAgain(ids: readonly string[], now: string): Promise<number>;
  /** One more try of effects that were set aside: if it fails as well, they are as old as they were before. @returns how many get one */
  tryOnceMore(ids: readonly string[], now: string): Promise<number>;
}
