import type { Queue } from "../ports/queue.ts";
import { figures } from "./figures.ts";
import { inbox } from "./inbox.ts";
import { MAX_FAULTS } from "./lease.ts";
import { takeEffect } from "./outbox.ts";
import { markRestored } from "./restored.ts";
import type { Db } from "./schema.ts";
import { setAside } from "./set-aside.ts";

/** The work that waits in the store: webhooks to work on, effects to apply. */
export function queue(db: Db): Queue {
  return {
    most_faults: MAX_FAULTS,
    ...inbox(db),
    ...setAside(db),
    figures: (now) => figures(db, now),
    restored: (now) => markRestored(db, now),
    takeEffect: (now, work) => takeEffect(db, now, work),
  };
}
