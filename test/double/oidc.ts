/** The issuer of the tokens by which a run proves what it is: discovery, keys and the runner's token endpoint, in the form of a GHES. */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, SignJWT } from "jose";
import { type Claims, inventedClaims } from "./claims.ts";
import type { World } from "./github/world.ts";

export type TokenOrder = {
  /** Sign with a key that the issuer does not publish, under the published key's name. */
  readonly foreignKey?: boolean;
};

export type Oidc = {
  readonly issuer: () => string;
  /** A signed token with all of GitHub's claims; `overrides` change or (undefined) remove claims. */
  readonly token: (overrides?: Claims, order?: TokenOrder) => Promise<string>;
  /** What a job may ask with, until `end`: the two variables of a runner. */
  readonly grant: (claims: Claims) => {
    readonly url: string;
    readonly token: string;
    readonly end: () => void;
  };
  readonly handle: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;
};

const LIFETIME_S = 300;

type Key = { readonly privateKey: KeyObject; readonly publicKey: KeyObject; readonly kid: string };

const makeKey = (): Key => {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = createHash("sha1")
    .update(pair.publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .toUpperCase();
  return { ...pair, kid };
};

/** Keys take a tenth of a second to make; a double that issues no token makes none. */
const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const send = (response: ServerResponse, status: number, body: unknown): true => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
};

export const makeOidc = (world: World): Oidc => {
  const [key, foreign] = [once(makeKey), once(makeKey)];
  const grants = new Map<string, Claims>();
  const issuer = (): string => `${world.url}/_services/token`;
  const sign = (claims: Claims, privateKey: KeyObject): Promise<string> => {
    const now = Math.floor(world.now().getTime() / 1000);
    const times = {
      jti: randomUUID(),
      iss: issuer(),
      iat: now,
      nbf: now - LIFETIME_S,
      exp: now + LIFETIME_S,
    };
    const given = Object.entries({ aud: world.url, ...times, ...claims }).filter(
      ([, value]) => value !== undefined,
    );
    return new SignJWT(Object.fromEntries(given))
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key().kid, x5t: key().kid })
      .sign(privateKey);
  };
  const issue = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<true> => {
    const claims = grants.get((request.headers.authorization ?? "").replace(/^bearer /i, ""));
    if (!claims) return send(response, 401, { message: "the request token is not one of a running job" });
    const aud = url.searchParams.get("audience") ?? `${world.url}/${String(claims.repository_owner)}`;
    const value = await sign({ ...claims, aud }, key().privateKey);
    return send(response, 200, { count: value.length, value });
  };
  return {
    issuer,
    token: (overrides = {}, order = {}) =>
      sign(
        { ...inventedClaims(world), ...overrides },
        order.foreignKey ? foreign().privateKey : key().privateKey,
      ),
    grant: (claims) => {
      const token = randomBytes(24).toString("base64url");
      grants.set(token, claims);
      return {
        url: `${world.url}/_services/pipelines/${String(claims.run_id)}/idtoken?api-version=2.0`,
        token,
        end: () => grants.delete(token),
      };
    },
    handle: async (request, response, url) => {
      if (/^\/_services\/pipelines\/[^/]+\/idtoken$/.test(url.pathname)) return issue(request, response, url);
      if (url.pathname === "/_services/token/.well-known/jwks") {
        const jwk = { ...(await exportJWK(key().publicKey)), kid: key().kid, alg: "RS256", use: "sig" };
        return send(response, 200, { keys: [jwk] });
      }
      if (!/^(\/_services\/token)?\/\.well-known\/openid-configuration$/.test(url.pathname)) return false;
      return send(response, 200, {
        issuer: issuer(),
        jwks_uri: `${issuer()}/.well-known/jwks`,
        subject_types_supported: ["public", "pairwise"],
        response_types_supported: ["id_token"],
        id_token_signing_alg_values_supported: ["RS256"],
        scopes_supported: ["openid"],
        claims_supported: [
          "sub",
          "aud",
          "exp",
          "iat",
          "iss",
          "jti",
          "nbf",
          ...Object.keys(inventedClaims(world)).slice(1),
          "environment",
        ],
      });
    },
  };
};
