/** What a job is given, built from configuration, rules and facts, and checked against its own schema before it leaves. */
import type { SiteConfig, SiteEnvironment } from "./config/types.ts";
import { type HealthCheck, INPUTS, type JobInputs } from "./jobs.ts";
import type { Side } from "./operations.ts";
import type { TableStructure } from "./table-structure.ts";
import type { JobType } from "./vocabulary.ts";
import { comparisonWith, releaseBaseline } from "./wordpress/baseline.ts";
import type { SiteRules } from "./wordpress/rules.ts";
import type { Baseline, Plan, RefreshPlan } from "./wordpress/types.ts";

export interface JobSettings {
  /** Largest number of rows (files) for which single hashes are reported. */
  readonly row_limit: number;
  readonly drain_ms: number;
  readonly keep_releases: number;
  /** Without a sign of life or a confirmation for so long after the switch the target goes back by itself. */
  readonly confirm_within_s: number;
  /** How long a recovery waits for an operation that still runs. */
  readonly recover_wait_s: number;
  /** Connections and threads that measure at the same time; 0: the host decides. */
  readonly workers: number;
}

export interface JobFacts {
  readonly job: { readonly id: string; readonly type: JobType; readonly on: Side };
  readonly operation_id: string;
  readonly config: SiteConfig;
  readonly rules: SiteRules;
  readonly settings: JobSettings;
  readonly source: SiteEnvironment;
  readonly target: SiteEnvironment;
  readonly baseline: Baseline | null;
  /** True: a check that reads every file, whatever the host remembers. */
  readonly full: boolean;
  /** The plan of a promotion and the release it is for. */
  readonly plan: Plan | null;
  readonly release_digest: string | null;
  readonly refresh: RefreshPlan | null;
  /** What the build of the release told of the source's tables; empty where none was built. */
  readonly source_structures: readonly TableStructure[];
  /** Release that the target runs now, and the one a rollback goes to (12 hexadecimal digits). */
  readonly expected_release: string | null;
  readonly to_release: string | null;
}

/** @throws when a fact is missing that the job needs: a fault of the program, since gates pass only with all facts. */
export function jobInput(facts: JobFacts): Readonly<Record<string, unknown>> {
  const input = BUILDERS[facts.job.type](facts);
  return INPUTS[facts.job.type].parse(input);
}

type Builders = { readonly [T in JobType]: (facts: JobFacts) => JobInputs[T] };

const BUILDERS: Builders = {
  baseline_create: look,
  drift_check: (facts) => ({
    ...look(facts),
    ...comparison(facts),
    source_structures: [...facts.source_structures],
  }),
  backup_create: look,
  health_check: (facts) => ({ ...common(facts), ...worked(facts), health_checks: health(facts) }),
  release_build: (facts) => ({
    ...common(facts),
    ...side("source", facts.source),
    ...rules(facts),
    ...comparison(facts),
    ...releaseBaseline(needed(facts.baseline, "baseline")),
  }),
  env_promote: (facts) => {
    const plan = needed(facts.plan, "plan");
    const { migrations } = facts.config.promotion;
    return {
      ...common(facts),
      ...side("source", facts.source),
      ...side("target", facts.target),
      ...rules(facts),
      release_digest: needed(facts.release_digest, "release"),
      expected_release: needed(facts.expected_release, "active release"),
      ...plan.job,
      health_checks: health(facts),
      candidate: facts.config.promotion.candidate,
      migrations: {
        ...migrations,
        destructive: [...migrations.destructive],
        data_updates: [...facts.rules.data_updates],
      },
      ...switching(facts),
      keep_releases: facts.settings.keep_releases,
      confirm_within_s: facts.settings.confirm_within_s,
    };
  },
  release_rollback: (facts) => ({
    ...common(facts),
    ...side("target", facts.target),
    ...rules(facts),
    to_release: needed(facts.to_release, "release to go back to"),
    expected_release: needed(facts.expected_release, "active release"),
    health_checks: health(facts),
    ...switching(facts),
  }),
  recover: (facts) => ({
    ...common(facts),
    ...worked(facts),
    health_checks: health(facts),
    drain_ms: facts.settings.drain_ms,
    wait_s: facts.settings.recover_wait_s,
    stop: false,
  }),
  env_refresh: (facts) => ({
    ...common(facts),
    ...side("source", facts.source),
    ...side("target", facts.target),
    ...rules(facts),
    initial: facts.refresh?.first_clone ?? false,
    keep_tables: [...(facts.refresh?.keep_tables ?? [])],
    keep_options: [...(facts.refresh?.keep_options ?? [])],
    source_type: facts.source.type,
    expected_source: facts.refresh?.expected_source ?? null,
    ...facts.rules.copy,
  }),
};

/** Jobs that look at one environment call it their target, whichever side of the pair it is. */
function look(facts: JobFacts): JobInputs["baseline_create"] {
  return { ...common(facts), ...worked(facts), ...rules(facts) };
}

const worked = (facts: JobFacts) => side("target", facts.job.on === "source" ? facts.source : facts.target);

const common = (facts: JobFacts) => ({
  job_id: facts.job.id,
  job_type: facts.job.type,
  operation_id: facts.operation_id,
});

const rules = (facts: JobFacts) => ({
  ...facts.rules,
  row_limit: facts.settings.row_limit,
  workers: facts.settings.workers,
});

const switching = ({ config, settings }: JobFacts) => ({
  drain_ms: settings.drain_ms,
  purge: [...config.purge],
  hold_without: config.hold.without,
  keep_failed_s: config.promotion.keep_failed_s,
});

/** Both sides are compared with their own baseline. */
const comparison = (facts: JobFacts) => ({
  full: facts.full,
  ...comparisonWith(facts.baseline?.[facts.job.on] ?? null),
});

/** Production is looked at more thoroughly than other environments, unless the site says otherwise. */
function health({ config, job, source, target }: JobFacts): HealthCheck[] {
  const thorough = (job.on === "source" ? source : target).type === "production";
  const { rest, login, cron, php_errors, php_log, within_s } = config.wordpress_health;
  return [
    ...config.health.map((page) => ({ kind: "page" as const, ...page })),
    ...((rest ?? thorough) ? [{ kind: "rest" as const, within_s }] : []),
    ...(login ? [{ kind: "login" as const, within_s }] : []),
    ...((cron ?? thorough) ? [{ kind: "cron" as const, within_s }] : []),
    ...((php_errors ?? thorough) ? [{ kind: "php_errors" as const, log: php_log }] : []),
  ];
}

type SideKeys<S extends Side> = Record<
  `${S}_environment` | `${S}_host` | `${S}_root` | `${S}_url` | `${S}_database` | `${S}_prefix`,
  string
>;

function side(name: "source", environment: SiteEnvironment): SideKeys<"source">;
function side(name: "target", environment: SiteEnvironment): SideKeys<"target">;
function side(name: Side, environment: SiteEnvironment): Readonly<Record<string, string>> {
  return {
    [`${name}_environment`]: environment.name,
    [`${name}_host`]: environment.host,
    [`${name}_root`]: environment.root,
    [`${name}_url`]: environment.url,
    [`${name}_database`]: environment.database.name,
    [`${name}_prefix`]: environment.database.prefix,
  };
}

function needed<T>(fact: T | null, name: string): T {
  if (fact === null) throw new Error(`The job cannot be given out: its ${name} is missing.`);
  return fact;
}
