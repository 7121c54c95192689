/** Reading bodies from strangers: bounded each, and bounded together. */
import type { IncomingMessage } from "node:http";
import { ApiError, badRequest } from "./errors.ts";

/** All bodies that are being read at one moment; more wait for nothing but are asked to come again. */
const MOST_BYTES_AT_ONCE = 128 * 1024 * 1024;
let bytesHeld = 0;

/**
 * @param limit in bytes
 * @throws ApiError 413 beyond the limit, 503 when too many large bodies arrive at once, 400 when the sender gave up
 */
export async function readBody(incoming: IncomingMessage, limit: number): Promise<string> {
  const tooLarge = () =>
    new ApiError(413, "too_large", `The body is larger than the ${limit} bytes allowed here.`);
  if (Number(incoming.headers["content-length"] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      size += chunk.length;
      bytesHeld += chunk.length;
      if (size > limit) throw tooLarge();
      if (bytesHeld > MOST_BYTES_AT_ONCE)
        throw new ApiError(503, "busy", "Too many large requests at once; try again.");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest("The body ended before it was complete.");
  } finally {
    bytesHeld -= size;
  }
  return Buffer.concat(chunks).toString("utf8");
}
