/** Whose user token this is, if it is one of Belay's own App: any other App's token for that person would do harm here. */
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
