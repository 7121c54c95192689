/** What the API answers when it does not do as asked: `{code, message}`, as in contracts/openapi.yaml. */
import type { Verdict } from "../core/verdict.ts";
import type { Refused } from "../flows/deps.ts";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Why the gates refuse; part of the answer. */
  readonly verdict: Verdict | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      readonly verdict?: Verdict | undefined;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.verdict = more.verdict;
    this.headers = more.headers ?? {};
  }
}

/** A flow's refusal, as the API says it. */
export const refusal = ({ status, code, message, verdict }: Refused) =>
  new ApiError(status, code, message, { verdict });

export const badRequest = (message: string) => new ApiError(400, "bad_request", message);
export const unauthorized = (message: string) => new ApiError(401, "unauthorized", message);
export const forbidden = (message: string) => new ApiError(403, "forbidden", message);
export const tooManyRequests = (seconds: number) =>
  new ApiError(429, "too_many_requests", `Too many requests: ask again in ${seconds} s.`, {
    headers: { "retry-after": String(seconds) },
  });
export const notFound = (what: string) =>
  new ApiError(404, "not_found", `There is no ${what} with this id, or you may not see it.`);
