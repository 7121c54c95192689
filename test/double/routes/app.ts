/** The app about itself: installations, tokens, webhook deliveries; and whose a user's token is. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { notFound, unprocessable } from "../github/errors.ts";
import type { Installation, Permissions, Repository } from "../github/state.ts";
import { accountOf, inBackground, type World } from "../github/world.ts";
import { type Actor, permits } from "../http/auth.ts";
import { bodyAs, type Call, numberIn, type Route, repositoryIn, route } from "../http/router.ts";
import { api, appView, installationView, userNamed, userView, type View } from "../views/account.ts";
import { repositoryView } from "../views/repository.ts";
import type { Delivery, Webhooks } from "../webhooks.ts";

const installationIn = (call: Call): Installation => {
  const found = call.world.state.installations.find(({ id }) => id === numberIn(call, "installation_id"));
  if (!found) throw notFound();
  return found;
};

const TokenOrder = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.number()).optional(),
  permissions: z.record(z.string(), z.enum(["read", "write"])).optional(),
});

/** An installation token lives an hour. */
const TOKEN_MS = 3_600_000;

const chosen = (
  world: World,
  installation: Installation,
  order: z.infer<typeof TokenOrder>,
): readonly Repository[] | null => {
  if (!order.repositories && !order.repository_ids) return null;
  const own = world.state.repositories.filter((one) => one.owner === installation.account);
  const wanted = own.filter(
    (one) => order.repositories?.includes(one.name) || order.repository_ids?.includes(one.id),
  );
  if (wanted.length !== (order.repositories ?? order.repository_ids)?.length) {
    throw unprocessable(
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  return wanted;
};

const narrowed = (granted: Permissions, wanted: Permissions | undefined): Permissions => {
  for (const [name, level] of Object.entries(wanted ?? {})) {
    if (!permits(granted, `${name}:${level}`)) {
      throw unprocessable("The permissions requested are not granted to this installation.");
    }
  }
  return wanted ?? granted;
};

const issueToken = (call: Call): { readonly status: number; readonly body: View } => {
  const { world } = call;
  const installation = installationIn(call);
  const order = bodyAs(call, TokenOrder);
  const repositories = chosen(world, installation, order);
  const permissions = { metadata: "read" as const, ...narrowed(installation.permissions, order.permissions) };
  const token = `ghs_${randomBytes(18).toString("hex")}`;
  const expiresAt = world.now().getTime() + TOKEN_MS;
  const ids = repositories?.map(({ id }) => id) ?? null;
  world.state.tokens.set(token, {
    kind: "installation",
    token,
    expiresAt,
    installation: installation.id,
    permissions,
    repositories: ids,
  });
  return {
    status: 201,
    body: {
      token,
      expires_at: new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z"),
      permissions,
      repository_selection: repositories ? "selected" : "all",
      ...(repositories && { repositories: repositories.map((one) => repositoryView(world, one)) }),
    },
  };
};

/** A list of the installation that the token belongs to. */
const ownRepositories = (world: World, actor: Actor): readonly Repository[] => {
  const token = actor.kind === "token" && actor.token.kind === "installation" ? actor.token : undefined;
  const installation = world.state.installations.find(({ id }) => id === token?.installation);
  if (!token || !installation) throw notFound();
  return world.state.repositories.filter(
    (one) => one.owner === installation.account && (token.repositories?.includes(one.id) ?? true),
  );
};

const checkToken = (call: Call): { readonly body: View } => {
  const { world, actor } = call;
  const { access_token: text } = bodyAs(call, z.object({ access_token: z.string() }));
  const token = world.state.tokens.get(text);
  const app = actor.kind === "client" ? actor.app : undefined;
  const ours =
    token?.kind === "user" && token.clientId === app?.clientId && token.clientId === call.params.client_id;
  if (!app || !ours || token.expiresAt <= world.now().getTime()) throw notFound();
  return {
    body: {
      id: accountOf(world, token.login).id,
      url: api(world, `/authorizations/${app.id}`),
      scopes: [],
      token: text,
      token_last_eight: text.slice(-8),
      app: { client_id: app.clientId, name: app.name, url: `${world.url}/apps/${app.slug}` },
      user: userNamed(world, token.login),
      expires_at: new Date(token.expiresAt).toISOString(),
    },
  };
};

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

/** GitHub cuts this list by cursor; here the newest come first and `cursor` is an index. */
const listDeliveries = ({ query }: Call, webhooks: Webhooks): { readonly body: readonly View[] } => {
  const wanted = query.get("status");
  const failed = (one: Delivery): boolean => one.status < 200 || one.status > 399;
  const newest = webhooks.deliveries
    .filter((one) => wanted === null || failed(one) === (wanted === "failure"))
    .toReversed();
  const start = Number(query.get("cursor") ?? 0);
  return { body: newest.slice(start, start + Number(query.get("per_page") ?? 30)).map(deliveryView) };
};

export const appRoutes = (webhooks: Webhooks): readonly Route[] => [
  route("GET /app", "app", ({ world, actor }) => {
    if (actor.kind !== "app") throw notFound();
    return { body: { ...appView(world, actor.app), installations_count: world.state.installations.length } };
  }),
  route("GET /app/installations", "app", ({ world }) => ({
    list: world.state.installations.map((one) => installationView(world, one)),
  })),
  route("GET /app/installations/{installation_id}", "app", (call) => ({
    body: installationView(call.world, installationIn(call)),
  })),
  route("POST /app/installations/{installation_id}/access_tokens", "app", issueToken),
  route("GET /repos/{owner}/{repo}/installation", "app", (call) => {
    const repository = repositoryIn(call);
    const found = call.world.state.installations.find((one) => one.account === repository.owner);
    if (!found) throw notFound();
    return { body: installationView(call.world, found) };
  }),
  route("GET /installation/repositories", "anyone", ({ world, actor }) => ({
    list: ownRepositories(world, actor).map((one) => repositoryView(world, one)),
    key: "repositories",
  })),
  route("POST /applications/{client_id}/token", "client", checkToken),
  route("GET /user", "user", ({ world, actor }) => {
    if (actor.kind !== "token" || actor.token.kind !== "user") throw notFound();
    return { body: { ...userNamed(world, actor.token.login), user_view_type: "public" } };
  }),
  route("GET /users/{username}", "anyone", ({ world, params }) => {
    const found = world.state.accounts.find(
      ({ login }) => login.toLowerCase() === params.username?.toLowerCase(),
    );
    if (!found) throw notFound();
    return { body: { ...userView(world, found), user_view_type: "public" } };
  }),
  route("GET /rate_limit", "anyone", ({ world }) => {
    const core = {
      limit: 5000,
      used: 0,
      remaining: 5000,
      reset: Math.floor(world.now().getTime() / 1000) + 3600,
    };
    return { body: { resources: { core, search: core }, rate: core } };
  }),
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
