/** What a report tells of the switch and of health, whatever else it holds: facts of a failed job are partial. */
import { z } from "zod";
import { CandidateFacts, HealthResult, MigrationFacts, SwitchFacts } from "./facts.ts";
import { NO_RESULT, type ResultFacts } from "./rendering/operation.ts";
import type { Report } from "./report.ts";
import { switchNotes } from "./switch-notes.ts";

const Partial = z.object({
  health: z.array(HealthResult).optional().catch(undefined),
  restored_health: z.array(HealthResult).optional().catch(undefined),
  switch: SwitchFacts.optional().catch(undefined),
  late_rows: z.record(z.string(), z.number()).optional().catch(undefined),
  candidate: CandidateFacts.optional().catch(undefined),
  migration: MigrationFacts.optional().catch(undefined),
});

export function resultFacts(report: Report | null): ResultFacts {
  const told = Partial.safeParse(report?.facts ?? {});
  if (!told.success) return NO_RESULT;
  const { health = [], restored_health = [], late_rows = {}, candidate = null, migration = null } = told.data;
  return {
    health,
    restored_health,
    switch: told.data.switch ?? null,
    late_rows,
    candidate,
    migration,
    notes: switchNotes(report?.facts),
  };
}

const Switched = z.object({
  activated: z.boolean().optional().catch(undefined),
  rolled_back: z.boolean().optional().catch(undefined),
  release: z.string().optional().catch(undefined),
  previous_release: z.string().optional().catch(undefined),
  late_rows: z.record(z.string(), z.number()).optional().catch(undefined),
});

/** What a job that switches tells about it; undefined where it did not get so far as to know. */
export function switchFacts(report: Report): z.infer<typeof Switched> {
  const told = Switched.safeParse(report.facts);
  return told.success ? told.data : {};
}
