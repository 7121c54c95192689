/** Who a runner is: GitHub's OIDC token, verified with GitHub's published keys. What it may do is judged in core/runner.ts. */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { z } from "zod";
import type { RunnerIdentity } from "../core/runner.ts";
import { ApiError, unauthorized } from "./errors.ts";

/** What Belay reads of the token; GitHub writes numbers as text. */
const Claims = z.object({
  repository_id: z.coerce.number().int(),
  ref: z.string(),
  workflow_ref: z.string(),
  job_workflow_ref: z.string(),
  event_name: z.string(),
  actor: z.string(),
  environment: z.string().nullable().default(null),
  run_id: z.coerce.number().int(),
  run_attempt: z.coerce.number().int(),
});

export type VerifyRunner = (token: string | null) => Promise<RunnerIdentity>;

export interface OidcOptions {
  /** https://token.actions.githubusercontent.com, or the one of a GitHub Enterprise Server. */
  readonly issuer: string;
  readonly audience: string;
}

/** Keys are fetched when first needed, kept for ten minutes, and asked for again (at most every 30 s) for an unknown key. */
export function runnerVerifier({ issuer, audience }: OidcOptions): VerifyRunner {
  const keys = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, "")}/.well-known/jwks`), {
    timeoutDuration: 10_000,
  });
  return async (token) => {
    if (token === null)
      throw unauthorized("Send the runner's OIDC token as `Authorization: Bearer <token>`.");
    const payload = await verify(token, keys, { issuer, audience });
    const claims = Claims.safeParse(payload);
    if (claims.success) return claims.data;
    const missing = claims.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new ApiError(
      401,
      "token_incomplete",
      `The token is not one of a GitHub Actions run: ${missing} missing.`,
    );
  };
}

async function verify(token: string, keys: ReturnType<typeof createRemoteJWKSet>, expected: OidcOptions) {
  try {
    const verified = await jwtVerify(token, keys, {
      issuer: expected.issuer,
      audience: expected.audience,
      algorithms: ["RS256"],
      requiredClaims: ["exp", "iat"],
      clockTolerance: 30,
    });
    return verified.payload;
  } catch (error) {
    throw refusal(error, expected);
  }
}

function refusal(error: unknown, { issuer, audience }: OidcOptions): ApiError {
  if (error instanceof errors.JWTExpired)
    return new ApiError(401, "token_expired", "The runner's OIDC token has expired.");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "iss")
    return new ApiError(401, "wrong_issuer", `The token was not issued by ${issuer}.`);
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud")
    return new ApiError(401, "wrong_audience", `The token was not made for the audience "${audience}".`);
  if (
    error instanceof errors.JWKSTimeout ||
    (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC")
  )
    return new ApiError(503, "issuer_unavailable", `The keys of ${issuer} could not be read; try again.`);
  if (error instanceof errors.JOSEError)
    return new ApiError(401, "token_invalid", "The token's signature or form is not valid.");
  return new ApiError(503, "issuer_unavailable", `The keys of ${issuer} could not be read; try again.`);
}
