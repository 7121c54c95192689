/** The App's own webhook deliveries, asked for in the App's name: those that failed, and to have one delivered again. */
import type { AppDeliveries, FailedDelivery } from "../ports/reconcile.ts";
import type { Client } from "./client.ts";
import { githubError, isMissing } from "./error.ts";

/** Of 100 each. More failures than that are no longer an accident, and the sweep goes on the next time. */
const MOST_PAGES = 20;

/** @param app a client with the App's own rights, not an installation's */
export function appDeliveries(app: () => Promise<Client>): AppDeliveries {
  return {
    failedSince: async (since) => {
      try {
        return await failed(await app(), Date.parse(since));
      } catch (error) {
        throw githubError(error, "list the App's failed deliveries");
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

async function failed({ rest, paginate }: Client, since_ms: number): Promise<readonly FailedDelivery[]> {
  const found: FailedDelivery[] = [];
  let pages = 0;
  const request = { per_page: 100, status: "failure" } as const;
  for await (const { data } of paginate.iterator(rest.apps.listWebhookDeliveries, request)) {
    for (const { id, guid, event, action, delivered_at } of data) {
      if (Date.parse(delivered_at) < since_ms) return found;
      found.push({ id, guid, event: action === null ? event : `${event}.${action}`, delivered_at });
    }
    pages += 1;
    if (pages === MOST_PAGES) return found;
  }
  return found;
}
