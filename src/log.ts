/** Structured logs: one JSON object a line, and no secret in it. */
import { type LoggerOptions, stdSerializers, stdTimeFunctions } from "pino";

/** Errors of drivers and clients carry queries with their values, request headers, whole webhooks: only what names them is kept. */
function namedError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { type, message, stack } = stdSerializers.err(error);
  const code: unknown = "code" in error ? error.code : undefined;
  return { type, message, stack, ...(typeof code === "string" && { code }) };
}

export function logOptions(level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: namedError, error: namedError },
    redact: {
      paths: ["authorization", "*.authorization", "token", "*.token", "*.password"],
      censor: "[secret]",
    },
  };
}
