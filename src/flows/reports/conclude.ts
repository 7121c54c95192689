/** A successful report: its facts are read by their schema and given to the handler of the job's type. */
import { FACTS } from "../../core/facts.ts";
import { changesSomething } from "../../core/operations.ts";
import { unknownSentence } from "../../core/rendering/endings.ts";
import { reportInvalid } from "../../core/rendering/run-answers.ts";
import type { Report } from "../../core/report.ts";
import type { JobRow } from "../../ports/operations.ts";
import type { Evidence } from "../evidence.ts";
import type { LoadedSettings } from "../site.ts";
import { namesOf, type Work } from "../work.ts";
import { backupCreated } from "./backup-create.ts";
import { baselineMeasured } from "./baseline-create.ts";
import { driftChecked } from "./drift-check.ts";
import { promoted } from "./env-promote.ts";
import { refreshed } from "./env-refresh.ts";
import { releaseBuilt } from "./release-build.ts";
import { rolledBack } from "./release-rollback.ts";
import type { Conclusion } from "./reported.ts";

export interface Loaded {
  readonly settings: LoadedSettings;
  readonly head_parents: readonly string[];
  readonly evidence: Evidence;
}

interface InHand {
  readonly work: Work;
  readonly job: JobRow;
  readonly report: Report;
}

/** After a switch or a refresh the facts are kept whatever became of the configuration meanwhile. */
export async function conclude(inHand: InHand, loaded: Loaded | null): Promise<Conclusion> {
  const told = inHand.report.facts;
  switch (inHand.job.type) {
    case "env_promote": {
      const facts = FACTS.env_promote.safeParse(told);
      return facts.success ? promoted({ ...inHand, facts: facts.data }) : unreadable(inHand);
    }
    case "release_rollback": {
      const facts = FACTS.release_rollback.safeParse(told);
      return facts.success ? rolledBack({ ...inHand, facts: facts.data }) : unreadable(inHand);
    }
    case "env_refresh": {
      const facts = FACTS.env_refresh.safeParse(told);
      return facts.success ? refreshed({ ...inHand, facts: facts.data }) : unreadable(inHand);
    }
    default:
      if (loaded === null)
        throw new Error(`A ${inHand.job.type} is judged by the settings, and none were read.`);
      return judged(inHand, loaded);
  }
}

async function judged(inHand: InHand, { settings, head_parents, evidence }: Loaded): Promise<Conclusion> {
  if (!settings.ok) {
    const { code, sentences } = settings.answer;
    return {
      kind: "end",
      work: inHand.work,
      ending: { event: "failed", code, message: sentences.join(" ") },
    };
  }
  const given = { settings: settings.settings, head_parents, evidence };
  const told = inHand.report.facts;
  switch (inHand.job.type) {
    case "baseline_create": {
      const facts = FACTS.baseline_create.safeParse(told);
      return facts.success ? baselineMeasured({ ...inHand, given, facts: facts.data }) : unreadable(inHand);
    }
    case "release_build": {
      const facts = FACTS.release_build.safeParse(told);
      return facts.success ? releaseBuilt({ ...inHand, given, facts: facts.data }) : unreadable(inHand);
    }
    case "drift_check": {
      const facts = FACTS.drift_check.safeParse(told);
      return facts.success ? driftChecked({ ...inHand, given, facts: facts.data }) : unreadable(inHand);
    }
    case "backup_create": {
      const facts = FACTS.backup_create.safeParse(told);
      return facts.success ? backupCreated({ ...inHand, given, facts: facts.data }) : unreadable(inHand);
    }
    default:
      return unreadable(inHand);
  }
}

/** A report of success that says nothing readable: of a job that only looks it is a failure, of one that changes, a doubt. */
function unreadable({ work, job }: InHand): Conclusion {
  const { code, sentences } = reportInvalid(job.type);
  const message = sentences.join(" ");
  if (!changesSomething(job.type)) return { kind: "end", work, ending: { event: "failed", code, message } };
  const doubt = unknownSentence(namesOf(work), message);
  return { kind: "end", work, ending: { event: "lost", code, message: doubt } };
}
