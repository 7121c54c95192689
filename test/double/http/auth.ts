/** Who is asking, proven as GitHub demands it: an app by its JWT, an installation or a person by a token, a client by its secret. */
import { jwtVerify } from "jose";
import { unauthorized } from "../github/errors.ts";
import type { App, Level, Token } from "../github/state.ts";
import type { World } from "../github/world.ts";

export type Actor =
  | { readonly kind: "nobody" }
  | { readonly kind: "app"; readonly app: App }
  | { readonly kind: "client"; readonly app: App }
  | { readonly kind: "token"; readonly token: Token };

/**
 * Who may call a route: `app` (JWT), `client` (id and secret), `user` (a person's token), `anyone` with some token,
 * or an installation that holds a permission, as `checks:write`; `issues|pull_requests:write` where either will do.
 */
export type Needs = "app" | "client" | "user" | "anyone" | `${string}:${Level}`;

/** GitHub refuses JWTs that live longer than ten minutes; clocks may differ by a minute. */
const LONGEST_S = 600;
const SKEW_S = 60;

const appByJwt = async (world: World, jwt: string): Promise<App> => {
  for (const app of world.state.apps) {
    const now = world.now();
    const verified = await jwtVerify(jwt, app.publicKey, {
      algorithms: ["RS256"],
      currentDate: now,
      clockTolerance: 0,
    }).catch(() => undefined);
    if (!verified) continue;
    const { iss, exp = 0, iat = 0 } = verified.payload;
    const seconds = now.getTime() / 1000;
    // Octokit writes the id as a number, though RFC 7519 wants text.
    if (String(iss) !== String(app.id) && iss !== app.clientId)
      throw unauthorized("'Issuer' claim ('iss') must be an Integer");
    if (exp > seconds + LONGEST_S + SKEW_S)
      throw unauthorized("'Expiration time' claim ('exp') is too far in the future");
    if (iat > seconds + SKEW_S)
      throw unauthorized(
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      );
    return app;
  }
  throw unauthorized("A JSON web token could not be decoded");
};

const clientBySecret = (world: World, encoded: string): Actor => {
  const [id, secret] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  const app = world.state.apps.find((one) => one.clientId === id && one.clientSecret === secret);
  if (!app) throw unauthorized();
  return { kind: "client", app };
};

/** Reads the `Authorization` header. Throws 401 for what does not prove anything. */
export const authenticate = async (world: World, header: string | undefined): Promise<Actor> => {
  if (header === undefined) return { kind: "nobody" };
  const [scheme = "", credentials = ""] = header.split(" ");
  if (scheme.toLowerCase() === "basic") return clientBySecret(world, credentials);
  if (!["bearer", "token"].includes(scheme.toLowerCase())) throw unauthorized();
  if (credentials.split(".").length === 3) return { kind: "app", app: await appByJwt(world, credentials) };
  const token = world.state.tokens.get(credentials);
  if (!token || token.expiresAt <= world.now().getTime()) throw unauthorized();
  return { kind: "token", token };
};

/** Whether the permissions allow a route that needs, say, `checks:write`. Reading metadata comes with every token. */
export const permits = (permissions: Readonly<Record<string, Level>>, needs: string): boolean => {
  const [names = "", level = ""] = needs.split(":");
  return names
    .split("|")
    .some(
      (name) =>
        name === "metadata" ||
        permissions[name] === "write" ||
        (level === "read" && permissions[name] === "read"),
    );
};

/** The login under which a token acts. */
export const loginOf = (world: World, actor: Actor): string => {
  if (actor.kind === "token" && actor.token.kind === "user") return actor.token.login;
  const bot =
    actor.kind === "token" && actor.token.kind === "workflow" ? undefined : world.state.apps[0]?.bot;
  return bot?.login ?? "github-actions[bot]";
};
