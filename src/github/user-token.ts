/** Whose user token this is, if it is one of Belay's own App: any other App's token for that person would do harm here. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { GithubError, githubError } from "./error.ts";

const Token = z.object({
  user: z.object({ login: z.string() }).nullable(),
  app: z.object({ client_id: z.string() }),
});

export interface UserTokenOptions {
  readonly base_url: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly fetch: typeof fetch;
}

/** @returns the person's login, or null when GitHub does not know the token as one of our App; throws when GitHub cannot tell */
export function userTokens(options: UserTokenOptions): (token: string) => Promise<string | null> {
  const { base_url, client_id, client_secret } = options;
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
  return async (token) => {
    const response = await options
      .fetch(`${base_url}/applications/${encodeURIComponent(client_id)}/token`, {
        method: "POST",
        headers: {
          authorization: `Basic ${basic}`,
          accept: "application/vnd.github+json",
          "content-type": "application/json",
          "user-agent": "belay",
        },
        body: JSON.stringify({ access_token: token }),
      })
      .catch((error: unknown) => {
        throw githubError(error, "check a user's token");
      });
    if (response.status === 404 || response.status === 422) return null;
    if (!response.ok) {
      throw new GithubError(
        "GITHUB_UNAVAILABLE",
        `GitHub answered ${response.status} when asked whose token this is.`,
        {
          retry: true,
          status: response.status,
        },
      );
    }
    const given = Token.parse(await response.json());
    return given.app.client_id === client_id ? (given.user?.login ?? null) : null;
  };
}

/** So long an answer is believed: a token that was taken back works no longer than this. */
const BELIEVED_MS = 30_000;
const MOST_KNOWN = 1_000;

/**
 * The same, asking once in a while for each token. A token that is not one of ours is asked about each time.
 * @param now milliseconds that never go back
 */
export function remembering(
  loginOf: (token: string) => Promise<string | null>,
  now: () => number,
): (token: string) => Promise<string | null> {
  const known = new Map<string, { readonly login: string; readonly until: number }>();
  return async (token) => {
    const key = createHash("sha256").update(token).digest("base64");
    const before = known.get(key);
    if (before !== undefined && before.until > now()) return before.login;
    known.delete(key);
    const login = await loginOf(token);
    if (login === null) return null;
    known.set(key, { login, until: now() + BELIEVED_MS });
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? "");
    return login;
  };
}
