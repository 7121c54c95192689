/** Signed deliveries as bytes: the bodies are shared, every delivery has an id of its own. */
import { randomUUID } from "node:crypto";
import type { Answered, Load, Request } from "./client.ts";
import type { Happened } from "./github.ts";

export function deliveries(happened: readonly Happened[], count: number): readonly Request[] {
  const prepared = happened.map(({ event, body, signature }) => ({
    body: Buffer.from(body),
    head: (id: string) =>
      [
        "POST /api/github/webhooks HTTP/1.1",
        "host: bot.example",
        "content-type: application/json",
        "user-agent: GitHub-Hookshot/benchmark",
        `x-github-event: ${event}`,
        `x-github-delivery: ${id}`,
        `x-hub-signature-256: ${signature}`,
        `content-length: ${Buffer.byteLength(body)}`,
        "\r\n",
      ].join("\r\n"),
  }));
  return Array.from({ length: count }, (_, at) => {
    const one = prepared[at % prepared.length];
    if (one === undefined) throw new Error("nothing happened");
    return { head: Buffer.from(one.head(randomUUID())), body: one.body };
  });
}

/** @throws Error when a delivery was not acknowledged: a figure of refusals would mean nothing */
export function perSecond({ answers, seconds }: Load): number {
  requireAcknowledged(answers);
  return Math.round(answers.length / seconds);
}

/** The value that a share of all waits does not exceed, in milliseconds. */
export function percentile(answers: readonly Answered[], share: number): number {
  requireAcknowledged(answers);
  const sorted = answers.map(({ ms }) => ms).sort((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  return Math.round((value ?? Number.NaN) * 10) / 10;
}

function requireAcknowledged(answers: readonly Answered[]): void {
  const refused = answers.filter(({ status }) => status !== 200);
  if (refused.length > 0)
    throw new Error(`${refused.length} deliveries were answered with ${refused[0]?.status}`);
}
