/** An answer that is a refusal, with GitHub's own words where they are known. */
export class Refusal extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export const notFound = (): Refusal => new Refusal(404, "Not Found");
export const forbidden = (): Refusal => new Refusal(403, "Resource not accessible by integration");
export const unauthorized = (message = "Bad credentials"): Refusal => new Refusal(401, message);
export const unprocessable = (message: string): Refusal => new Refusal(422, message, { errors: [] });
