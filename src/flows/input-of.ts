/** Collects what a job's input is built from. */

import type { SiteEnvironment } from "../core/config/types.ts";
import { jobInput } from "../core/job-input.ts";
import type { JobRow } from "../ports/operations.ts";
import { boundBaseline } from "./baselines.ts";
import type { Deps } from "./deps.ts";
import { sideOf } from "./next-job.ts";
import { builtFrom } from "./reports/drift-check.ts";
import type { SiteSettings } from "./site.ts";
import type { Work } from "./work.ts";

export async function inputOf(
  deps: Pick<Deps<never>, "settings">,
  work: Work,
  { job, settings }: { readonly job: JobRow; readonly settings: SiteSettings },
): Promise<Readonly<Record<string, unknown>>> {
  const { tx, operation } = work;
  const { release_id } = operation;
  const release = release_id === null ? null : await tx.release(release_id);
  return jobInput({
    job: { id: job.id, type: job.type, on: sideOf(work, job) },
    operation_id: operation.id,
    config: settings.config,
    rules: settings.rules,
    settings: deps.settings,
    source: configured(settings, work.source.name),
    target: configured(settings, work.target.name),
    baseline: (await boundBaseline(work)).row,
    full: operation.asked.full,
    plan: operation.plan,
    release_digest: release?.digest ?? null,
    refresh: operation.refresh,
    source_structures: job.type === "drift_check" ? ((await builtFrom(work))?.structures ?? []) : [],
    expected_release: operation.release_before,
    to_release: operation.kind === "rollback" ? operation.release_after : null,
  });
}

export function configured(settings: SiteSettings, name: string): SiteEnvironment {
  const environment = settings.config.environments[name];
  if (environment === undefined) throw new Error(`The environment ${name} is not in the configuration.`);
  return environment;
}
