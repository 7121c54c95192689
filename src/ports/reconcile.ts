/** What the reconciler needs: the App's own webhook deliveries at GitHub, and what the store remembers of its sweeps. */

/** One attempt of GitHub's to deliver a webhook that was not answered well. */
export interface FailedDelivery {
  /** GitHub's number of this attempt. */
  readonly id: number;
  /** `X-GitHub-Delivery`: the same for every attempt. */
  readonly guid: string;
  /** As flows name it: `issue_comment.created`. */
  readonly event: string;
  readonly delivered_at: string;
}

/** A webhook as GitHub keeps it. */
export interface KeptDelivery {
  /** `X-GitHub-Delivery`. */
  readonly id: string;
  /** `issue_comment`. */
  readonly name: string;
  readonly payload: unknown;
}

export interface AppDeliveries {
  /** Attempts that failed since then, newest first; a bounded number, and whether that is all of them. @throws GithubError */
  failedSince(
    since: string,
  ): Promise<{ readonly failed: readonly FailedDelivery[]; readonly complete: boolean }>;
  /** What was to be delivered, no faster than GitHub allows. Null: GitHub has it no more. @throws GithubError */
  read(id: number): Promise<KeptDelivery | null>;
  /** Asks GitHub to deliver it once more. False: GitHub knows it no more. @throws GithubError */
  redeliver(id: number): Promise<boolean>;
}

/** A site whose owner's policy was pushed, and whose checks were not looked at since. */
export interface SettingsMark {
  readonly repository_id: number;
  /** When it was pushed last. */
  readonly at: string;
}

/** What is older goes: each must be longer ago than GitHub delivers anything again by itself or when asked (three days). */
export interface PruneBefore {
  /** Answers to requests of the API, and remembered redeliveries. */
  readonly answers: string;
  /** Webhooks that were worked on; effects that were applied or superseded, but the newest of each check and operation. */
  readonly worked_on: string;
  /** The same, where they were set aside: somebody may still look why. Also the newest of a check, but those on commits of open pull requests. */
  readonly set_aside: string;
  /** Most webhooks, and most effects, that go at once: no statement keeps others waiting for long. */
  readonly most: number;
}

/** `more`: what came first is gone, and others are old enough. */
export interface Pruned {
  readonly rows: number;
  readonly more: boolean;
}

/** Work on a timer that several bots share: one of them does it at a time. */
export interface Sweeps {
  /** Takes the sweep of this name if it is due and nobody is at it. */
  begin(name: string, now: string, every_s: number): Promise<boolean>;
  /** Nobody takes it before then: whoever is at it says so again and again, or dies, or leaves it for later. */
  hold(name: string, until: string): Promise<void>;
  /** Done: the next one is due `every_s` later. */
  end(name: string, now: string): Promise<void>;
  /** Those that `Tx.markSettings` marked. */
  settingsMarks(): Promise<readonly SettingsMark[]>;
  /** Its checks were looked at; a push since then leaves it marked. */
  unmarkSettings(mark: SettingsMark): Promise<void>;
  /** When this store began: what happened before is not caught up on. */
  beganAt(now: string): Promise<string>;
  /** When this store was last put back from a backup; null: never. */
  restoredAt(): Promise<string | null>;
  /** Until when every failed delivery was dealt with. Null: never looked. */
  caughtUpAt(): Promise<string | null>;
  caughtUp(at: string): Promise<void>;
  /** Those of these deliveries that are in the inbox, whatever became of them. */
  known(guids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers that it was asked for. @returns how often now */
  countRedelivery(guid: string, now: string): Promise<number>;
  /** The last time does not count. */
  uncountRedelivery(guid: string): Promise<void>;
  /** Drops what nobody asks for any more. */
  prune(before: PruneBefore): Promise<Pruned>;
}
