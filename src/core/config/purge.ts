/** One line of `purge:`: what a cache in front of the site is told when other pages begin to count. */
import { z } from "zod";
import type { PurgeStep as Step } from "../jobs.ts";
import { PurgeMethod } from "../vocabulary.ts";
import { RelativePath, text } from "./texts.ts";

const PurgeUrl = text(
  (value) => /^https?:\/\/[^\s/?#@]+(\/[^\s#]*)?$/.test(value) && URL.canParse(value) && value.length <= 500,
  "is not an address: http or https, without credentials, spaces or `#`",
  "Write for example `http://127.0.0.1:6081/`.",
);
const Command = text(
  (value) => /^[a-z0-9][a-z0-9_-]{0,39}$/.test(value),
  "is not the name of a command: programs themselves stand on the host only",
  "Write a name that /etc/belay/commands.json of the host knows, for example `varnish`.",
);
const HeaderName = text(
  (value) =>
    /^[A-Za-z][A-Za-z0-9-]{0,59}$/.test(value) && !/^(content-length|transfer-encoding)$/i.test(value),
  "is not the name of a header",
  "Write letters, digits and `-`, for example `X-Purge-Key`.",
);
const HeaderValue = text(
  (value) => /^[\x20-\x7e]{1,300}$/.test(value),
  "is not the value of a header: at most 300 printable characters",
  "Write it on one line; a secret stands in `secret_headers` by its name.",
);
const KeyName = text(
  (value) => /^[A-Z][A-Z0-9_]{0,39}$/.test(value),
  "is not the name of a key: capital letters, digits and `_`",
  "Write the name that stands before `=` in the secret BELAY_PURGE_KEYS, for example `CDN`.",
);

/** As it is written: one of `path`, `url` and `command`. */
export const PurgeStep = z
  .strictObject({
    path: RelativePath.optional(),
    url: PurgeUrl.optional(),
    command: Command.optional(),
    method: PurgeMethod.optional(),
    headers: z.record(HeaderName, HeaderValue).optional(),
    secret_headers: z.record(HeaderName, KeyName).optional(),
    body: z.string().max(2000).optional(),
    within_s: z.number().positive().max(60).default(10),
  })
  .refine(({ path, url, command }) => [path, url, command].filter((one) => one !== undefined).length === 1, {
    error: "must name one of `path`, `url` and `command`",
    params: { remedy: "Write each of them as a line of its own, for example `- {path: wp-content/cache}`." },
  })
  .refine((step) => step.url !== undefined || !ABOUT_REQUESTS.some((key) => step[key] !== undefined), {
    error: "has `method`, `headers`, `secret_headers` or `body` without a `url`",
    params: { remedy: "They belong to a request: add `url`, or remove them." },
  });

const ABOUT_REQUESTS = ["method", "headers", "secret_headers", "body"] as const;

/** As a job gets it. */
export function purgeStep(step: z.infer<typeof PurgeStep>): Step {
  const { path, url, command, within_s } = step;
  if (path !== undefined) return { kind: "path", path, within_s };
  if (command !== undefined) return { kind: "command", command, within_s };
  return {
    kind: "url",
    url: url ?? "",
    method: step.method ?? "PURGE",
    headers: step.headers ?? {},
    secret_headers: step.secret_headers ?? {},
    body: step.body ?? null,
    within_s,
  };
}
