/** Webhook deliveries: listed, looked at, sent again. */
import { notFound } from "../github/errors.ts";
import { inBackground } from "../github/world.ts";
import { type Call, numberIn, type Reply, type Route, route } from "../http/router.ts";
import type { View } from "../views/account.ts";
import type { Delivery, Webhooks } from "../webhooks.ts";

const deliveryView = (delivery: Delivery): View => ({
  id: delivery.id,
  guid: delivery.guid,
  delivered_at: delivery.deliveredAt,
  redelivery: delivery.redelivery,
  duration: 0,
  status: delivery.status === 0 ? "failed to connect" : String(delivery.status),
  status_code: delivery.status,
  event: delivery.event,
  action: delivery.action,
  installation_id: delivery.installation,
  repository_id: delivery.repository,
});

const deliveryIn = (call: Call, webhooks: Webhooks): Delivery => {
  const found = webhooks.deliveries.find(({ id }) => id === numberIn(call, "delivery_id"));
  if (!found) throw notFound();
  return found;
};

/** Newest first. GitHub cuts this list by cursor, not by page: here the cursor is the id that the next part begins below. */
const listDeliveries = ({ query, url }: Call, webhooks: Webhooks): Reply => {
  const wanted = query.get("status");
  const below = Number(query.get("cursor") ?? Number.POSITIVE_INFINITY);
  const failed = (one: Delivery): boolean => one.status < 200 || one.status > 399;
  const fitting = webhooks.deliveries
    .filter((one) => one.id < below && (wanted === null || failed(one) === (wanted === "failure")))
    .toSorted((a, b) => b.id - a.id);
  const shown = fitting.slice(0, Number(query.get("per_page") ?? 30));
  const next = new URL(url);
  next.searchParams.set("cursor", String(shown.at(-1)?.id));
  const headers = shown.length < fitting.length ? { link: `<${next.href}>; rel="next"` } : {};
  return { body: shown.map(deliveryView), headers };
};

export const deliveryRoutes = (webhooks: Webhooks): readonly Route[] => [
  route("GET /app/hook/deliveries", "app", (call) => listDeliveries(call, webhooks)),
  route("GET /app/hook/deliveries/{delivery_id}", "app", (call) => {
    const delivery = deliveryIn(call, webhooks);
    const payload: unknown = JSON.parse(delivery.body);
    return {
      body: {
        ...deliveryView(delivery),
        request: { headers: {}, payload },
        response: { headers: {}, payload: delivery.answer },
      },
    };
  }),
  route("POST /app/hook/deliveries/{delivery_id}/attempts", "app", (call) => {
    inBackground(call.world, webhooks.redeliver(deliveryIn(call, webhooks)));
    return { status: 202, body: {} };
  }),
];
