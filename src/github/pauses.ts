/** Where GitHub asked an installation to wait, nothing of it is asked until then: whoever goes on is blocked for longer. */
import type { Clients } from "./client.ts";
import { GithubError } from "./error.ts";

export interface Pauses {
  /** The clients, which refuse while their installation waits. */
  readonly clients: Clients;
  /** Remembers that GitHub asked for it. Other errors change nothing. */
  readonly note: (installation_id: number, error: unknown) => void;
}

/** GitHub's advice where it names no time. */
const USUAL_S = 60;

/** @param now milliseconds that never go back */
export function pausing(clients: Clients, now: () => number): Pauses {
  const until = new Map<number, number>();
  return {
    clients: async (installation_id) => {
      const left = (until.get(installation_id) ?? 0) - now();
      if (left > 0) throw asked(Math.ceil(left / 1000));
      until.delete(installation_id);
      return clients(installation_id);
    },
    note: (installation_id, error) => {
      if (!(error instanceof GithubError) || error.code !== "GITHUB_RATE_LIMITED") return;
      const end = now() + (error.retry_after_s ?? USUAL_S) * 1000;
      until.set(installation_id, Math.max(end, until.get(installation_id) ?? 0));
    },
  };
}

function asked(seconds: number): GithubError {
  const sentence = `GitHub asked Belay to wait; it is asked again in ${seconds} s.`;
  return new GithubError("GITHUB_RATE_LIMITED", sentence, {
    retry: true,
    status: null,
    retry_after_s: seconds,
  });
}
