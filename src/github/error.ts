/** What went wrong with GitHub, said once for reads and effects: a code, a sentence, and whether trying again can help. */
export class GithubError extends Error {
  readonly code: string;
  readonly retry: boolean;
  readonly status: number | null;
  constructor(
    code: string,
    message: string,
    more: { retry: boolean; status: number | null; cause?: unknown },
  ) {
    super(message, { cause: more.cause });
    this.name = "GithubError";
    this.code = code;
    this.retry = more.retry;
    this.status = more.status;
  }
}

/** @param doing what was asked for, to end the sentence "GitHub did not let Belay ...": `create a check run` */
export function githubError(error: unknown, doing: string): GithubError {
  if (error instanceof GithubError) return error;
  const status = statusOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const make = (code: string, sentence: string, retry: boolean) =>
    new GithubError(code, `${sentence} (${said})`, { retry, status, cause: error });
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
  if (/rate limit/i.test(error.message)) return true;
  const response: unknown = "response" in error ? error.response : null;
  if (typeof response !== "object" || response === null || !("headers" in response)) return false;
  const headers: unknown = response.headers;
  return typeof headers === "object" && headers !== null && "retry-after" in headers;
}
