/** What the double's own tests share: a small site repository, an app's client, and a listener in place of the bot. */
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { Probot } from "probot";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { type Double, type DoubleOptions, startDouble } from "../double/double.ts";

export const SITE = "acme/shop";
export const REPO = { owner: "acme", repo: "shop" } as const;

/** A double that the test need not close. */
export const given = async (
  options: Partial<DoubleOptions> & { readonly files?: Readonly<Record<string, string>> } = {},
): Promise<Double> => {
  const { files = { "README.md": "# Shop\n", "theme/style.css": "a {}\n" }, ...rest } = options;
  const people = { ann: "admin", dev: "write", bob: "read" } as const;
  const double = await startDouble({
    repositories: [{ name: SITE, files, branches: ["staging"], people }],
    ...rest,
  });
  onTestFinished(() => double.close());
  return double;
};

/** Probot's own client, as the bot uses it, for the first installation. */
export const installationClient = async (double: Double) => {
  const { id, privateKey, webhookSecret } = double.app;
  const probot = new Probot({
    appId: id,
    privateKey,
    secret: webhookSecret,
    baseUrl: double.apiUrl,
    logLevel: "fatal",
  });
  return probot.auth(double.state.installations[0]?.id ?? 0);
};

export const appClient = async (double: Double) => {
  const { id, privateKey, webhookSecret } = double.app;
  return new Probot({
    appId: id,
    privateKey,
    secret: webhookSecret,
    baseUrl: double.apiUrl,
    logLevel: "fatal",
  }).auth();
};

export type Received = {
  readonly event: string;
  readonly guid: string;
  readonly signed: boolean;
  readonly payload: z.infer<typeof Payload>;
};

/** The parts of payloads that the tests look at; the double itself checks the whole against GitHub's schema. */
const Payload = z.object({
  action: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  sender: z.object({ login: z.string() }),
  installation: z.object({ id: z.number() }),
  comment: z.object({ body: z.string() }).optional(),
  changes: z.object({ body: z.object({ from: z.string() }) }).optional(),
  issue: z.object({ number: z.number(), pull_request: z.object({ url: z.string() }) }).optional(),
  requested_action: z.object({ identifier: z.string() }).optional(),
  workflow_run: z
    .object({ status: z.string(), conclusion: z.string().nullable(), display_title: z.string() })
    .optional(),
  pull_request: z
    .object({
      merged: z.boolean().optional(),
      merged_by: z.object({ login: z.string() }).nullable().optional(),
      head: z.object({ sha: z.string(), repo: z.object({ full_name: z.string(), fork: z.boolean() }) }),
    })
    .optional(),
});

/** Listens as an app would, and checks each signature. */
export const listen = async (double: Double, status = 202): Promise<readonly Received[]> => {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString("utf8");
    const wanted = `sha256=${createHmac("sha256", double.app.webhookSecret).update(body).digest("hex")}`;
    received.push({
      event: String(request.headers["x-github-event"]),
      guid: String(request.headers["x-github-delivery"]),
      signed: request.headers["x-hub-signature-256"] === wanted,
      payload: Payload.parse(JSON.parse(body)),
    });
    response.writeHead(status).end("thank you");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  double.connect(
    `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/api/github/webhooks`,
  );
  return received;
};

/** An environment pull request: staging into main, with one change. */
export const environmentPull = async (double: Double) => {
  await double.as("dev").push("staging", { "theme/style.css": "a { color: red }\n" });
  return double.as("dev").openPullRequest({ head: "staging", base: "main", title: "Promote staging" });
};
