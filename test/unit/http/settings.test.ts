import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { SettingsError, settingsFrom } from "../../../src/settings.ts";

const PEM = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();
const GOOD = {
  APP_ID: "12",
  PRIVATE_KEY: PEM.replaceAll("\n", "\\n"),
  WEBHOOK_SECRET: "s",
  CLIENT_ID: "Iv1.a",
  CLIENT_SECRET: "c",
};

function problems(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    settingsFrom(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

test("what must be set is enough; the rest has defaults", () => {
  const settings = settingsFrom(GOOD);
  expect(settings).toMatchObject({
    app: { id: 12, webhook_secret: "s" },
    github: {
      api_url: "https://api.github.com",
      oidc_issuer: "https://token.actions.githubusercontent.com",
      oidc_audience: "belay",
      workflows: ["belay-bot/belay/.github/workflows/promote.yml"],
      writes_per_minute: 70,
    },
    store: { directory: expect.stringMatching(/\/belay-store$/) },
    listen: { host: "127.0.0.1", port: 3000 },
    log_level: "info",
  });
  expect(settings.app.private_key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
});

test("a GitHub Enterprise Server has its own API and issuer", () => {
  expect(settingsFrom({ ...GOOD, GHE_HOST: "github.acme.example" }).github).toMatchObject({
    api_url: "https://github.acme.example/api/v3",
    oidc_issuer: "https://github.acme.example/_services/token",
  });
});

test("how much it writes at GitHub is a number that makes sense", () => {
  expect(settingsFrom({ ...GOOD, BELAY_WRITES_PER_MINUTE: "900" }).github.writes_per_minute).toBe(900);
  for (const text of ["0", "-1", "many", "1e9"]) {
    expect(problems({ ...GOOD, BELAY_WRITES_PER_MINUTE: text })).toEqual([
      `BELAY_WRITES_PER_MINUTE is "${text}": write a number from 10 to 100000; github.com allows fewer than 80.`,
    ]);
  }
});

test("without a webhook secret it does not start", () => {
  expect(problems({ ...GOOD, WEBHOOK_SECRET: " " })).toEqual([
    "WEBHOOK_SECRET is not set: without it anybody could send webhooks in GitHub's name; it is the secret of the App's webhook.",
  ]);
});

test("everything that is wrong is said at once", () => {
  const wrong = { ...GOOD, APP_ID: "belay", PRIVATE_KEY: "none", DATABASE_URL: "mysql://x", PORT: "http" };
  expect(problems(wrong)).toEqual([
    'APP_ID is "belay": it must be the App\'s number.',
    "PRIVATE_KEY is not a readable private key in PEM form.",
    "DATABASE_URL must begin with postgres://.",
    'PORT is "http": it must be a number up to 65535.',
  ]);
  expect(problems({})).toHaveLength(5);
});

test("two answers to one question are refused", () => {
  const both = {
    DATABASE_URL: "postgres://x",
    BELAY_STORE_DIR: "y",
    GHE_HOST: "h.example",
    GITHUB_API_URL: "https://h",
  };
  expect(problems({ ...GOOD, ...both, PRIVATE_KEY_PATH: "/nowhere" })).toEqual([
    "Set one of PRIVATE_KEY (PEM) and PRIVATE_KEY_PATH (a file): the private key of the App.",
    "GHE_HOST and GITHUB_API_URL are both set: keep one.",
    "DATABASE_URL and BELAY_STORE_DIR are both set: keep one.",
  ]);
});

test("where owners keep their policy", () => {
  const of = (text: string) => settingsFrom({ ...GOOD, BELAY_POLICY_REPOSITORIES: text }).policy_repositories;
  expect(settingsFrom(GOOD).policy_repositories).toEqual({});
  expect(of("Acme=platform-policy, rope-works=none")).toEqual({
    acme: "platform-policy",
    "rope-works": null,
  });
  expect(problems({ ...GOOD, BELAY_POLICY_REPOSITORIES: "acme,acme=a,acme=b,x=../y" })).toEqual([
    'BELAY_POLICY_REPOSITORIES holds "acme": write owner=repository, or owner=none for the shipped default.',
    "BELAY_POLICY_REPOSITORIES names acme twice: keep one.",
    'BELAY_POLICY_REPOSITORIES holds "x=../y": write owner=repository, or owner=none for the shipped default.',
  ]);
});
