/** What a handler of a job's facts is given, and what it concludes. */
import type { Facts } from "../../core/facts.ts";
import type { Report } from "../../core/report.ts";
import type { JobType } from "../../core/vocabulary.ts";
import type { JobRow } from "../../ports/operations.ts";
import type { Ending } from "../finish.ts";
import type { JudgeWith } from "../judge.ts";
import type { Work } from "../work.ts";

export interface Reported<T extends JobType> {
  readonly work: Work;
  readonly job: JobRow;
  readonly report: Report;
  readonly facts: Facts[T];
}

/** For the jobs after which the gates are judged. */
export interface Judged<T extends JobType> extends Reported<T> {
  readonly given: JudgeWith;
}

/** The facts are stored; either the operation goes on to its next job (or its good end), or it ends here. */
export type Conclusion =
  | { readonly kind: "go_on"; readonly work: Work }
  | { readonly kind: "end"; readonly work: Work; readonly ending: Omit<Ending, "actor"> };
