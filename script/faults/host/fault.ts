/** What a fault is: when it strikes, what it breaks, how it is mended, and what an operator then does. */
import type { Ended, JobFile, Running } from "./jobs.ts";
import type { Moment } from "./moments.ts";
import type { World } from "./world.ts";

export type Scene = {
  readonly world: World;
  readonly job: JobFile;
  readonly running: Running;
};

/** Mends what a fault has broken, as far as an operator would before looking after Belay. */
export type Mend = () => Promise<unknown>;

/**
 * rerun: the same job again. recover: recover.yml, which stops what still runs. wait: recover.yml, which waits for it. watchdog: nobody
 * does anything until the host has gone back by itself.
 */
export type Recovery = "rerun" | "recover" | "wait" | "watchdog";

export type Fault = {
  readonly kind: string;
  readonly recovery: Recovery;
  /** Changes the input of the job. */
  readonly change?: (job: JobFile, world: World) => JobFile | Promise<JobFile>;
  /** Before the promotion begins. */
  readonly before?: (world: World) => Promise<Mend>;
  /** At the step; the process that wrote it is stopped until this has resolved, at most for a moment. */
  readonly at?: (scene: Scene, moment: Moment) => Promise<Mend | undefined>;
  /** After the step, when its process goes on: for what takes its time. */
  readonly after?: (scene: Scene) => Promise<Mend>;
  /** Starts the job another way. */
  readonly start?: (world: World, job: JobFile) => Promise<Running>;
  /** Where there is only one right end. */
  readonly must?: "old" | "new";
  /** The fault itself keeps visitors from being served. */
  readonly disturbs?: true;
  /** What is to be seen on the host afterwards, beside what every case demands. */
  readonly shows?: (world: World, job: JobFile) => Promise<readonly string[]>;
  /** What the first attempt's report must say, beside the truth. */
  readonly says?: (ended: Ended) => string | undefined;
};

export type Case = { readonly name: string; readonly step: string; readonly fault: Fault };

/** A fault at each of some steps. */
export const atSteps = (steps: readonly string[], fault: Fault): readonly Case[] =>
  steps.map((step) => ({ name: `${fault.kind}@${step}`, step, fault }));
