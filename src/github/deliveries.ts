/** The App's own webhook deliveries, asked for in the App's name: those that failed, what was in them, and to have one delivered again. */
import Bottleneck from "bottleneck";
import type { AppDeliveries, FailedDelivery } from "../ports/reconcile.ts";
import type { Client } from "./client.ts";
import { githubError, isMissing } from "./error.ts";

/** Of 100 each. Those that failed before them are no longer found. */
const MOST_PAGES = 200;
/** GitHub allows 900 reads a minute at one address. */
const READ_EVERY_MS = 75;

/** @param app a client with the App's own rights, not an installation's */
export function appDeliveries(app: () => Promise<Client>): AppDeliveries {
  const reads = new Bottleneck({ minTime: READ_EVERY_MS });
  return {
    failedSince: async (since) => {
      try {
        return await failed(await app(), Date.parse(since));
      } catch (error) {
        throw githubError(error, "list the App's failed deliveries");
      }
    },
    read: async (delivery_id) => {
      try {
        const { rest } = await app();
        const { data } = await reads.schedule(() => rest.apps.getWebhookDelivery({ delivery_id }));
        const { guid, event, request } = data;
        return request.payload === null ? null : { id: guid, name: event, payload: request.payload };
      } catch (error) {
        if (isMissing(error)) return null;
        throw githubError(error, "read a webhook that was not delivered");
      }
    },
    redeliver: async (delivery_id) => {
      try {
        const { rest } = await app();
        await rest.apps.redeliverWebhookDelivery({ delivery_id });
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw githubError(error, "have a webhook delivered again");
      }
    },
  };
}

async function failed({ rest, paginate }: Client, since_ms: number) {
  const found: FailedDelivery[] = [];
  let pages = 0;
  const request = { per_page: 100, status: "failure" } as const;
  for await (const { data } of paginate.iterator(rest.apps.listWebhookDeliveries, request)) {
    for (const { id, guid, event, action, delivered_at } of data) {
      if (Date.parse(delivered_at) < since_ms) return { failed: found, complete: true };
      found.push({ id, guid, event: action === null ? event : `${event}.${action}`, delivered_at });
    }
    pages += 1;
    if (pages === MOST_PAGES) return { failed: found, complete: false };
  }
  return { failed: found, complete: true };
}
