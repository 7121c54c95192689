/** The bot's configuration: read from environment variables, checked all at once. docs/operating.md lists them. */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { type SyncWebhookSettings, syncWebhooks } from "./sync-settings.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export interface BotSettings {
  readonly app: {
    readonly id: number;
    /** PEM. */
    readonly private_key: string;
    readonly webhook_secret: string;
    readonly client_id: string;
    readonly client_secret: string;
  };
  readonly github: {
    /** Of the API, without a slash at the end. */
    readonly api_url: string;
    readonly oidc_issuer: string;
    readonly oidc_audience: string;
    /** Reusable workflows that may run jobs, as `owner/repo/.github/workflows/file.yml`. */
    readonly workflows: readonly string[];
    /** What each installation may write in a minute. */
    readonly writes_per_minute: number;
  };
  /** Where an owner's `belay-policy.yml` lies, by the owner's login in small letters; null: the shipped default holds. */
  readonly policy_repositories: Readonly<Record<string, string | null>>;
  /** Where runtimes of configuration packages listen, by `owner/name` in small letters. */
  readonly sync_webhooks: SyncWebhookSettings;
  /** A directory for the embedded database, or the address of a PostgreSQL server. */
  readonly store: { readonly directory: string } | { readonly database_url: string };
  readonly listen: { readonly host: string; readonly port: number };
  /** What a monitoring system sends to read the metrics; null: nobody may read them. */
  readonly metrics_token: string | null;
  /** What the shipped values of flows are overridden by. */
  readonly flow_settings: { readonly retry_waits_s?: readonly number[] };
  readonly log_level: (typeof LEVELS)[number] | "silent";
}

/** Every sentence says what is wrong and what to set. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Belay cannot start:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "SettingsError";
    this.problems = problems;
  }
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws SettingsError with everything that is wrong */
export function settingsFrom(env: Env): BotSettings {
  const problems: string[] = [];
  const value = (name: string) => (env[name]?.trim() === "" ? undefined : env[name]?.trim());
  const needed = (name: string, what: string) => {
    const found = value(name);
    if (found === undefined) problems.push(`${name} is not set: ${what}.`);
    return found ?? "";
  };
  const reader: Reader = { value, needed, problems };
  const settings: BotSettings = {
    app: appSettings(reader),
    github: githubSettings(reader),
    policy_repositories: policyRepositories(reader),
    sync_webhooks: syncWebhooks(value("BELAY_SYNC_WEBHOOKS"), problems),
    store: storeSettings(reader),
    listen: { host: value("HOST") ?? "127.0.0.1", port: portOf(reader) },
    metrics_token: metricsToken(reader),
    flow_settings: retryWaits(reader),
    log_level: levelOf(reader),
  };
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** Where the store is, for programs that need nothing else. @throws SettingsError */
export function storeFrom(env: Env): BotSettings["store"] {
  const problems: string[] = [];
  const value = (name: string) => (env[name]?.trim() === "" ? undefined : env[name]?.trim());
  const store = storeSettings({ value, needed: (name) => value(name) ?? "", problems });
  if (problems.length > 0) throw new SettingsError(problems);
  return store;
}

interface Reader {
  readonly value: (name: string) => string | undefined;
  readonly needed: (name: string, what: string) => string;
  readonly problems: string[];
}

function appSettings(reader: Reader): BotSettings["app"] {
  const { needed, problems } = reader;
  const id = needed("APP_ID", "the number of Belay's GitHub App, on the App's settings page");
  if (id !== "" && !/^[1-9]\d*$/.test(id)) problems.push(`APP_ID is "${id}": it must be the App's number.`);
  return {
    id: Number(id),
    private_key: privateKey(reader),
    webhook_secret: needed(
      "WEBHOOK_SECRET",
      "without it anybody could send webhooks in GitHub's name; it is the secret of the App's webhook",
    ),
    client_id: needed("CLIENT_ID", "the App's client id, to check the user tokens of the API"),
    client_secret: needed("CLIENT_SECRET", "a client secret of the App, to check the user tokens of the API"),
  };
}

/** As PKCS#8: the form that every library reads. Line breaks may be written as \n where a variable holds one line only. */
function privateKey({ value, problems }: Reader): string {
  const path = value("PRIVATE_KEY_PATH");
  const inline = value("PRIVATE_KEY");
  if ((path === undefined) === (inline === undefined)) {
    problems.push("Set one of PRIVATE_KEY (PEM) and PRIVATE_KEY_PATH (a file): the private key of the App.");
    return "";
  }
  try {
    const text = path === undefined ? (inline ?? "").replaceAll("\\n", "\n") : readFileSync(path, "utf8");
    return createPrivateKey(text).export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    const where = path === undefined ? "PRIVATE_KEY" : `The file ${path} (PRIVATE_KEY_PATH)`;
    problems.push(`${where} is not a readable private key in PEM form.`);
    return "";
  }
}

function githubSettings(reader: Reader): BotSettings["github"] {
  const { value, problems } = reader;
  const host = value("GHE_HOST");
  if (host !== undefined && !/^[A-Za-z0-9.-]+(:\d+)?$/.test(host)) {
    problems.push(`GHE_HOST is "${host}": it must be a host name, for example github.acme.example.`);
  }
  if (host !== undefined && value("GITHUB_API_URL") !== undefined) {
    problems.push("GHE_HOST and GITHUB_API_URL are both set: keep one.");
  }
  const issuer =
    host === undefined ? "https://token.actions.githubusercontent.com" : `https://${host}/_services/token`;
  const api = host === undefined ? "https://api.github.com" : `https://${host}/api/v3`;
  return {
    api_url: urlOf(reader, "GITHUB_API_URL", api),
    oidc_issuer: urlOf(reader, "BELAY_OIDC_ISSUER", issuer),
    oidc_audience: value("BELAY_OIDC_AUDIENCE") ?? "belay",
    workflows: workflowsOf(reader),
    writes_per_minute: writesPerMinute(reader),
  };
}

function urlOf({ value, problems }: Reader, name: string, otherwise: string): string {
  const text = value(name) ?? otherwise;
  const url = z.url({ protocol: /^https?$/ }).safeParse(text);
  if (!url.success) problems.push(`${name} is "${text}": it must be an address that begins with https://.`);
  return text.replace(/\/+$/, "");
}

function workflowsOf({ value, problems }: Reader): readonly string[] {
  const list = (value("BELAY_WORKFLOWS") ?? "belay-bot/belay/.github/workflows/promote.yml").split(",");
  const names = list.map((name) => name.trim()).filter((name) => name !== "");
  for (const name of names) {
    if (/^[^/\s@]+\/[^/\s@]+\/\.github\/workflows\/[^/\s@]+\.ya?ml$/.test(name)) continue;
    problems.push(
      `BELAY_WORKFLOWS holds "${name}": write owner/repo/.github/workflows/file.yml, without @ref.`,
    );
  }
  return names;
}

/** `acme=platform-policy,rope-works=none`. Owners that are not named have theirs in `.github`. */
function policyRepositories({ value, problems }: Reader): Readonly<Record<string, string | null>> {
  const entries = (value("BELAY_POLICY_REPOSITORIES") ?? "").split(",").map((entry) => entry.trim());
  const named: Record<string, string | null> = {};
  for (const entry of entries.filter((one) => one !== "")) {
    const found = /^([A-Za-z0-9-]{1,39})=([A-Za-z0-9._-]{1,100})$/.exec(entry);
    const owner = found?.[1]?.toLowerCase();
    if (owner === undefined || found?.[2] === undefined) {
      problems.push(
        `BELAY_POLICY_REPOSITORIES holds "${entry}": write owner=repository, or owner=none for the shipped default.`,
      );
    } else if (Object.hasOwn(named, owner)) {
      problems.push(`BELAY_POLICY_REPOSITORIES names ${owner} twice: keep one.`);
    } else {
      named[owner] = found[2] === "none" ? null : found[2];
    }
  }
  return named;
}

function storeSettings({ value, problems }: Reader): BotSettings["store"] {
  const url = value("DATABASE_URL");
  const directory = value("BELAY_STORE_DIR");
  if (url === undefined) return { directory: resolve(directory ?? "belay-store") };
  if (directory !== undefined) problems.push("DATABASE_URL and BELAY_STORE_DIR are both set: keep one.");
  if (!/^postgres(ql)?:\/\//.test(url)) problems.push("DATABASE_URL must begin with postgres://.");
  return { database_url: url };
}

function portOf({ value, problems }: Reader): number {
  const text = value("PORT") ?? "3000";
  const port = z.coerce.number().int().min(0).max(65_535).safeParse(text);
  if (!port.success) problems.push(`PORT is "${text}": it must be a number up to 65535.`);
  return port.data ?? 0;
}

function metricsToken({ value, problems }: Reader): string | null {
  const token = value("BELAY_METRICS_TOKEN");
  if (token !== undefined && token.length < 16)
    problems.push("BELAY_METRICS_TOKEN is shorter than 16 characters: it could be guessed.");
  return token ?? null;
}

/** `60,300`: seconds before the second and third attempt; `none`: one attempt only. */
/** github.com asks for fewer than 80 (client.ts); an Enterprise Server sets its own limits, or none. */
function writesPerMinute({ value, problems }: Reader): number {
  const text = value("BELAY_WRITES_PER_MINUTE") ?? "70";
  const writes = z.coerce.number().int().min(10).max(100_000).safeParse(text);
  if (!writes.success)
    problems.push(
      `BELAY_WRITES_PER_MINUTE is "${text}": write a number from 10 to 100000; github.com allows fewer than 80.`,
    );
  return writes.data ?? 70;
}

function retryWaits({ value, problems }: Reader): BotSettings["flow_settings"] {
  const text = value("BELAY_RETRY_WAITS");
  if (text === undefined) return {};
  if (text === "none") return { retry_waits_s: [] };
  const waits = z.array(z.coerce.number().int().min(1).max(86_400)).max(5).safeParse(text.split(","));
  if (waits.success) return { retry_waits_s: waits.data };
  problems.push(`BELAY_RETRY_WAITS is "${text}": write up to five numbers of seconds (60,300), or none.`);
  return {};
}

function levelOf({ value, problems }: Reader): BotSettings["log_level"] {
  const level = z.enum([...LEVELS, "silent"]).safeParse(value("LOG_LEVEL") ?? "info");
  if (!level.success) problems.push(`LOG_LEVEL must be one of ${LEVELS.join(", ")}.`);
  return level.data ?? "info";
}
