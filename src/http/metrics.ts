/** Figures of the bot for Prometheus (its text format 0.0.4), for whoever has the token of BELAY_METRICS_TOKEN. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Figures } from "../ports/queue.ts";
import { unauthorized } from "./errors.ts";
import { type Route, Text } from "./router.ts";

export interface MetricsDeps {
  readonly figures: () => Promise<Figures>;
  /** Null: nobody may ask. */
  readonly token: string | null;
}

export function metrics({ figures, token }: MetricsDeps): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/metrics",
      handle: async (request) => {
        if (token === null || request.token === null || !isEqual(request.token, token)) {
          throw unauthorized("Send the value of BELAY_METRICS_TOKEN as `Authorization: Bearer <token>`.");
        }
        return { status: 200, body: new Text(exposition(await figures()), "text/plain; version=0.0.4") };
      },
    },
  ];
}

/** Takes the same time whatever is equal. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly Sample[];
}

/** The text of all metrics; rates (success, rollback) are quotients of `belay_operations` by state. */
export function exposition(figures: Figures): string {
  return `${metricsOf(figures).map(written).join("\n")}\n`;
}

function metricsOf(figures: Figures): readonly Metric[] {
  const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name,
    help,
    type: "gauge",
    samples,
  });
  const byState = (rows: readonly { readonly state: string; readonly count: number }[]) =>
    rows.map(({ state, count }): Sample => [{ state }, count]);
  return [
    gauge(
      "belay_operations",
      "Operations on record, by kind and state.",
      figures.operations.map(({ kind, state, count }) => [{ kind, state }, count]),
    ),
    {
      name: "belay_operation_seconds_total",
      help: "Seconds from command to end, of operations that succeeded.",
      type: "counter",
      samples: figures.durations.map(({ kind, seconds }) => [{ kind }, seconds]),
    },
    gauge(
      "belay_deliveries",
      "Webhooks in the inbox; failed ones are set aside.",
      byState(figures.deliveries),
    ),
    gauge("belay_effects", "Writes to GitHub; failed ones were given up.", byState(figures.effects)),
    gauge("belay_waiting_seconds", "How long the oldest piece of work waits.", [
      [{ queue: "deliveries" }, figures.waiting_s.deliveries],
      [{ queue: "effects" }, figures.waiting_s.effects],
    ]),
    gauge(
      "belay_outage",
      "Pieces of work that wait because GitHub or the database did not answer or asked to wait.",
      figures.outages.map(({ queue, code, count }): Sample => [{ queue, code }, count]),
    ),
    gauge("belay_locks", "Environments that an operation holds.", [[{}, figures.locks]]),
    gauge("process_resident_memory_bytes", "Memory of the bot.", [[{}, process.memoryUsage.rss()]]),
  ];
}

function written({ name, help, type, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
}
