/** What a job tells beside its switch: worth reading, and no reason to stop. */
import { z } from "zod";
import { Activation, Mixture, Purged } from "./facts.ts";

const Notes = z.object({
  warnings: z.array(z.string()).catch([]).default([]),
  mixture: Mixture.nullable().catch(null).default(null),
  activation: Activation.nullable().catch(null).default(null),
  purges: z.array(Purged).catch([]).default([]),
  restored_purges: z.array(Purged).catch([]).default([]),
});
export type SwitchNotes = z.infer<typeof Notes>;

/** Of a report's facts, which are partial where the job failed. */
export function switchNotes(facts: unknown): SwitchNotes {
  const told = Notes.safeParse(facts ?? {});
  return told.success ? told.data : Notes.parse({});
}
