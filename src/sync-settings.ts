/** `BELAY_SYNC_WEBHOOKS`: where runtimes of configuration packages listen, and the keys that prove who tells them. */
import { z } from "zod";

const Hook = z.strictObject({ url: z.url(), secret: z.string().min(16, "is shorter than 16 characters") });
const Hooks = z.record(z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/), Hook);

export type SyncWebhookSettings = Readonly<Record<string, z.infer<typeof Hook>>>;

const EXAMPLE = '{"acme/docs": {"url": "https://runtime.acme.example/belay", "secret": "..."}}';

/** By `owner/name` in small letters. What is wrong goes to `problems`, without the secret. */
export function syncWebhooks(text: string | undefined, problems: string[]): SyncWebhookSettings {
  if (text === undefined) return {};
  const parsed = Hooks.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? "" : ` at ${issue.path.join(".") || "its beginning"}`;
    problems.push(
      `BELAY_SYNC_WEBHOOKS is wrong${where}: write JSON such as ${EXAMPLE}, keys of 16 characters or more.`,
    );
    return {};
  }
  for (const [name, { url }] of Object.entries(parsed.data)) {
    const { protocol, hostname } = new URL(url);
    const here = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && here))
      problems.push(`BELAY_SYNC_WEBHOOKS names ${url} for ${name}: only https is safe beyond this machine.`);
  }
  return Object.fromEntries(Object.entries(parsed.data).map(([name, hook]) => [name.toLowerCase(), hook]));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
