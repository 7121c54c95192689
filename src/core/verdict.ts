/** A verdict is the tree of gate outcomes; the check runs, the comment and the API are views of it. */

export const GATES = [
  "drift",
  "backup",
  "release",
  "approval",
  "checks",
  "window",
  "progression",
  "rehearsal",
  "validation",
  "promotion",
] as const;
export type Gate = (typeof GATES)[number];

export type Outcome = "pass" | "wait" | "block";

/** A sentence that explains another one, down to single tables; `private` leaves are shown to people with write access only. */
export interface Reason {
  readonly sentence: string;
  readonly because?: readonly Reason[];
}

export interface GateOutcome {
  readonly gate: Gate;
  readonly outcome: Outcome;
  /** Stable, for programs: `drift_clean`, `drift_unknown`, `backup_stale`, ... */
  readonly code: string;
  /** What happened and why; the first one is the title. Markdown-safe: values from outside are escaped by the renderer. */
  readonly sentences: readonly string[];
  /** What to type or do next; null when nothing is asked of anybody. */
  readonly remedy: string | null;
  readonly details?: readonly Reason[];
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly gates: readonly GateOutcome[];
}

/** A block anywhere blocks; otherwise a wait anywhere waits. No gate judged means that nothing may start. */
export function verdictOf(gates: readonly GateOutcome[]): Verdict {
  if (gates.some((gate) => gate.outcome === "block")) return { outcome: "block", gates };
  if (gates.length === 0 || gates.some((gate) => gate.outcome === "wait")) return { outcome: "wait", gates };
  return { outcome: "pass", gates };
}

/** The gates that stand in the way, the blocking ones first. */
export function obstacles(verdict: Verdict): readonly GateOutcome[] {
  return [
    ...verdict.gates.filter((gate) => gate.outcome === "block"),
    ...verdict.gates.filter((gate) => gate.outcome === "wait"),
  ];
}

/** Once nothing runs any more, what still waits is waiting for a person: the remedy says for what. */
export function settled(verdict: Verdict, remedy: string): Verdict {
  const gates = verdict.gates.map((gate) =>
    gate.outcome === "wait" && gate.remedy === null ? { ...gate, remedy } : gate,
  );
  return { ...verdict, gates };
}
