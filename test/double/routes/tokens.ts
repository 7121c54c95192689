/** Tokens: issued to installations, and whose a person's token is. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { notFound, unprocessable } from "../github/errors.ts";
import type { Installation, Permissions, Repository } from "../github/state.ts";
import { accountOf, type World } from "../github/world.ts";
import { permits } from "../http/auth.ts";
import { bodyAs, type Call, numberIn, type Route, route } from "../http/router.ts";
import { api, userNamed, type View } from "../views/account.ts";
import { repositoryView } from "../views/repository.ts";

export const installationIn = (call: Call): Installation => {
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

export const tokenRoutes: readonly Route[] = [
  route("POST /app/installations/{installation_id}/access_tokens", "app", issueToken),
  route("POST /applications/{client_id}/token", "client", checkToken),
];
