/** What went wrong with GitHub, said once for reads and effects: a code, a sentence, and whether trying again can help. */
export class GithubError extends Error {
  readonly code: string;
  readonly retry: boolean;
  readonly status: number | null;
  /** Seconds that GitHub asked to wait for; null: it did not say. */
  readonly retry_after_s: number | null;
  constructor(
    code: string,
    message: string,
    more: { retry: boolean; status: number | null; retry_after_s?: number | null; cause?: unknown },
  ) {
    super(message, { cause: more.cause });
    this.name = "GithubError";
    this.code = code;
    this.retry = more.retry;
    this.status = more.status;
    this.retry_after_s = more.retry_after_s ?? null;
  }
}

/** @param doing what was asked for, to end the sentence "GitHub did not let Belay ...": `create a check run` */
export function githubError(error: unknown, doing: string): GithubError {
  if (error instanceof GithubError) return error;
  const status = statusOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const make = (code: string, sentence: string, retry: boolean) =>
    new GithubError(code, `${sentence} (${said})`, {
      retry,
      status,
      retry_after_s: retryAfter(error, Date.now()),
      cause: error,
    });
  if (isRateLimit(error, status)) {
    return make("GITHUB_RATE_LIMITED", `GitHub asked Belay to wait before it may ${doing}.`, true);
  }
  if (status === null || status >= 500) {
    return make("GITHUB_UNAVAILABLE", `GitHub gave no answer when Belay tried to ${doing}.`, true);
  }
  if (status === 401) {
    return make(
      "GITHUB_UNAUTHORIZED",
      `GitHub did not accept the App's key when Belay tried to ${doing}.`,
      true,
    );
  }
  if (status === 403) {
    return make(
      "GITHUB_FORBIDDEN",
      `Belay's App may not ${doing}: accept its permissions in the App's installation.`,
      false,
    );
  }
  if (status === 404 || status === 410) {
    return make("GITHUB_NOT_FOUND", `GitHub knows nothing of what was needed to ${doing}.`, false);
  }
  return make("GITHUB_REFUSED", `GitHub refused to ${doing}.`, false);
}

/** 404 and 410: a definite "there is none" (or none that the App may see, which is to be treated alike). */
export function isMissing(error: unknown): boolean {
  const status = error instanceof GithubError ? error.status : statusOf(error);
  return status === 404 || status === 410;
}

function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("status" in error)) return null;
  return typeof error.status === "number" ? error.status : null;
}

function isRateLimit(error: unknown, status: number | null): boolean {
  if (status === 429) return true;
  if (status !== 403 || !(error instanceof Error)) return false;
  return /rate limit/i.test(error.message) || headerOf(error, "retry-after") !== null;
}

/** `retry-after` in seconds, or until the limit that is used up begins anew. */
function retryAfter(error: unknown, now_ms: number): number | null {
  const asked = headerOf(error, "retry-after");
  if (asked !== null && asked >= 0) return asked;
  if (headerOf(error, "x-ratelimit-remaining") !== 0) return null;
  const reset = headerOf(error, "x-ratelimit-reset");
  return reset === null ? null : Math.max(1, Math.ceil(reset - now_ms / 1000));
}

function headerOf(error: unknown, name: string): number | null {
  const response: unknown = error instanceof Error && "response" in error ? error.response : null;
  if (typeof response !== "object" || response === null || !("headers" in response)) return null;
  const headers: unknown = response.headers;
  if (typeof headers !== "object" || headers === null) return null;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const value = typeof found === "string" || typeof found === "number" ? Number(found) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
