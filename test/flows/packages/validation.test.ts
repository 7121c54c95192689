/** What a pull request is told of its packages: every finding once, within GitHub's limits; what a push takes back; what the API tells. */
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { packageId } from "../../../script/bench/packages/sample.ts";
import { describedClient } from "../../support/openapi.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, POINTERS, V3, versionFiles } from "./world.ts";

const POLICY = `version: 1
defaults: {approvals: {not: []}}
environments: {packages: {activate: {permission: maintain}}}
packages:
  guardrails:
    - {id: no-secrets, pattern: "sk-[a-z]+", sentence: "This is a secret.", remedy: "Take it out."}
`;
const SECRET = "a secret of the webhook";
const SECRETS = "the key is sk-abc\n".repeat(20);
const FOLDER = `document_types/${FIRST}/releases/${V3}`;
const [SECOND] = [packageId(1)];

let world: PackagesWorld;
const posted: { readonly body: string; readonly signature: string | undefined }[] = [];
const runtime = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const signature = request.headers["x-belay-signature-256"];
    posted.push({ body: Buffer.concat(chunks).toString(), signature: String(signature) });
    response.writeHead(posted.length === 1 ? 503 : 204).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => runtime.listen(0, "127.0.0.1", resolve));
  const { port } = runtime.address() as AddressInfo;
  world = await openPackagesWorld({
    settings: "version: 1\nsync: {webhook: true}\n",
    policy: POLICY,
    bot: { sync_webhooks: { "acme/docs": { url: `http://127.0.0.1:${port}/`, secret: SECRET } } },
  });
}, 240_000);
afterAll(async () => {
  await world?.close();
  runtime.close();
});

test("every finding is an annotation, once, although an answer was lost and the list of files was cut", async () => {
  const { double } = world;
  const prompt = `${FOLDER}/prompts/task.prompt.txt`;
  const own = versionFiles([FIRST], V3)[prompt] ?? "";
  // The rule tells the first twenty places of a file.
  const notes = [1, 2, 3, 4, 5].map((one) => [`${FOLDER}/prompts/note-${one}.txt`, SECRETS] as const);
  double.repository("acme/docs").treeLimit = 20;
  double.faults.plan("PATCH */check-runs/*", "lost-answer");
  const more = { ...Object.fromEntries(notes), [prompt]: own + SECRETS };
  const pull = await world.propose([FIRST], more);
  await world.until(pull, "belay / packages / validation", "failure");
  double.repository("acme/docs").treeLimit = 100_000;
  const annotations = () =>
    double.checks(pull.headSha).find(({ name }) => name === "belay / packages / validation")?.output
      .annotations ?? [];
  const told = Number(
    /^(\d+) errors/.exec(world.check(pull, "belay / packages / validation")?.title ?? "")?.[1],
  );
  expect(told).toBeGreaterThanOrEqual(120);
  await double.when("all annotations", () => (annotations().length >= told ? true : undefined), 150_000);
  await double.idle();
  expect(annotations()).toHaveLength(told);
  expect(new Set(annotations().map((one) => JSON.stringify(one))).size).toBe(told);
  expect(annotations()).toContainEqual(
    expect.objectContaining({ path: prompt, annotation_level: "failure", title: "guardrail/no-secrets" }),
  );
  await world.until(pull, "belay / release", "failure");
  await world.says("ann", pull, "/stage");
  await world.told(pull, "Staging of packages: blocked");
});

test("a pull request that touches no package, or moves pointers by hand", async () => {
  const elsewhere = await world.propose([], { "README.md": "Words.\n" });
  await world.titled(elsewhere, "belay / release", "No package is touched");
  await world.until(elsewhere, "belay / packages / validation", "success");
  const pointers = JSON.stringify({ ...world.pointers(), [FIRST]: "1.0.0" });
  const byHand = await world.propose([], { [POINTERS]: pointers });
  await world.titled(byHand, "belay / release", "The pull request moves 1 pointer by hand.");
});

test("a push un-stages; who may not activate cannot; the runtime is told with a proof, until it takes it", async () => {
  const { double } = world;
  const pull = await world.propose([SECOND]);
  await world.stages(pull);
  const file = `document_types/${SECOND}/releases/${V3}/prompts/task.prompt.txt`;
  const text = versionFiles([SECOND], V3)[file] ?? "";
  await double.as("ann").push(pull.head, { [file]: `${text}Be brief.\n` });
  await world.titled(pull, "belay / release", `Committed, not staged: ${SECOND} ${V3}.`);
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("ann", pull, "/activate");
  await world.told(pull, "`/activate` needs maintain permission");
  await world.says("bea", pull, "/activate");
  await world.told(pull, "Activation of packages: done");
  expect(world.pointers()[SECOND]).toBe(V3);
  const deadline = Date.now() + 110_000;
  while (posted.length < 2 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 200));
  const [first, second] = posted;
  expect(second?.body).toBe(first?.body);
  const proof = createHmac("sha256", SECRET)
    .update(second?.body ?? "")
    .digest("hex");
  expect(second?.signature).toBe(`sha256=${proof}`);
  expect(JSON.parse(second?.body ?? "")).toMatchObject({ packages: [{ id: SECOND, to: V3 }] });
  expect(double.problems).toEqual([]);
});

test("the API tells states, the report, and the same as SARIF, to people who may see the repository", async () => {
  const ask = describedClient(world.bot.url);
  const token = world.double.userToken("ann");
  const sites = z.object({ items: z.array(z.object({ id: z.string() })) });
  const site_id = sites.parse((await ask("GET /api/sites", {}, { token })).body).items[0]?.id ?? "";
  const get = (path: string, bearer = token) =>
    fetch(`${world.bot.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
  const releases = z.object({
    items: z.array(
      z.object({
        package: z.string(),
        version: z.string(),
        status: z.string(),
        report_id: z.string().nullable(),
      }),
    ),
  });
  const { items } = releases.parse(
    await (await get(`/api/packages?site_id=${site_id}&status=released`)).json(),
  );
  expect(items.map(({ package: id, version }) => `${id} ${version}`)).toEqual([`${SECOND} ${V3}`]);
  const id = items[0]?.report_id ?? "";
  const report = await ask("GET /api/packages/reports/{id}", { id }, { token });
  expect(report.body).toMatchObject({ report: { schema: 1, valid: true } });
  const sarif = await ask("GET /api/packages/reports/{id}/sarif", { id }, { token });
  expect(sarif.body).toMatchObject({ version: "2.1.0" });
  const stranger = world.double.userToken("zoe");
  expect((await get(`/api/packages/reports/${id}`, stranger)).status).toBe(404);
});
