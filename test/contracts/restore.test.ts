/** The store's backup, taken and put back by the commands of docs/operating.md: the bot goes on, and does nothing a second time. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPostgres } from "../../script/bench/frame/postgres.ts";
import type { BotOptions } from "../../src/bot.ts";
import { type Double, startDouble } from "../double/double.ts";
import { METRICS_TOKEN, startTestBot } from "../support/bot.ts";
import { EXAMPLE } from "../unit/config/example.ts";

const WORKFLOW = readFileSync(join(import.meta.dirname, "../../docs/workflow/belay.yml"), "utf8");
const PATIENT = { timeout: 60_000 };

interface Keeping {
  readonly store: BotOptions["store"];
  /** Whether the bot has to be stopped for it. */
  readonly stops: boolean;
  readonly backUp: () => Promise<unknown>;
  /** The disk is lost, and the backup put back; answers where the store is now, and how scripts are told. */
  readonly putBack: () => Promise<{
    readonly store: BotOptions["store"];
    readonly env: Readonly<Record<string, string>>;
  }>;
}

const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "belay-restore-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** As in docs/operating.md, "Backup" and "Restore". */
const embedded = (): Keeping => {
  const cwd = aFolder();
  const directory = join(cwd, "belay-store");
  return {
    store: { directory },
    stops: true,
    backUp: () => execa("tar", ["-czf", "belay-store.tar.gz", "belay-store"], { cwd }),
    putBack: async () => {
      rmSync(directory, { recursive: true });
      await execa("tar", ["-xzf", "belay-store.tar.gz"], { cwd });
      return { store: { directory }, env: { BELAY_STORE_DIR: directory } };
    },
  };
};

const postgres = async (): Promise<Keeping> => {
  const server = await startPostgres();
  onTestFinished(() => server.stop());
  const dump = join(aFolder(), "belay.dump");
  const database_url = await server.database("belay");
  return {
    store: { database_url },
    stops: false,
    backUp: () => execa("pg_dump", ["--format=custom", `--file=${dump}`, database_url]),
    putBack: async () => {
      const fresh = await server.database("belay_again");
      await execa("pg_restore", ["--exit-on-error", "--no-owner", `--dbname=${fresh}`, dump]);
      return { store: { database_url: fresh }, env: { DATABASE_URL: fresh } };
    },
  };
};

const site = (): Promise<Double> =>
  startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": EXAMPLE, ".github/workflows/belay.yml": WORKFLOW },
        branches: ["staging", "production"],
        people: { ann: "write" },
        environments: { production: {} },
      },
    ],
  });

/** How often each thing of Belay's is on GitHub. */
function things(double: Double): readonly string[] {
  const marked = double.state.comments.flatMap(({ body }) => /^<!-- (belay:[^ ]+)/.exec(body)?.[1] ?? []);
  const checks = double.state.checks.map(({ headSha, externalId }) => `${headSha} ${externalId}`);
  return [...marked, ...checks].toSorted();
}

async function isAtRest(url: string): Promise<void> {
  await vi.waitFor(async () => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const text = await (await fetch(`${url}/api/metrics`, { headers })).text();
    expect(text).not.toMatch(/^belay_(deliveries|effects)\{state="pending"\} [1-9]/m);
  }, PATIENT);
}

test.each([
  ["the embedded store", async () => embedded()],
  ["PostgreSQL", postgres],
] as const)(
  "%s: what was done since the backup is neither lost sight of nor done again",
  async (_name, kept) => {
    const keeping = await kept();
    const double = await site();
    onTestFinished(() => double.close());
    const start = (store: BotOptions["store"]) =>
      startTestBot(double, { store, flow_settings: { retry_waits_s: [] } });
    let bot = await start(keeping.store);
    onTestFinished(() => bot.stop());
    const ann = double.as("ann");
    await ann.push("staging", { "theme.css": "new" });
    const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
    await isAtRest(bot.url);

    // At the moment of the backup: a run that is to be started, words that are to be said, a command that is to be obeyed.
    double.faults.plan("POST */dispatches", 503, { times: 1_000 });
    double.faults.plan("POST */issues/*/comments", 503, { times: 1_000 });
    await ann.comment(pull, "/drift");
    await vi.waitFor(() => expect(double.state.reactions).toHaveLength(1), PATIENT);
    double.faults.plan("GET */issues/comments/*", 503, { times: 1_000 });
    await ann.comment(pull, "/lock Sale");
    if (keeping.stops) await bot.stop();
    await keeping.backUp();
    if (keeping.stops) bot = await start(keeping.store);
    double.faults.clear();

    // Life after it.
    // Whether GitHub started the run nobody knows, so it is looked for at first.
    await vi.waitFor(() => expect(double.state.runs).toHaveLength(1), { timeout: 120_000 });
    await vi.waitFor(() => expect(bodies(double)).toContain("production is locked"), PATIENT);
    await ann.push("staging", { "theme.css": "newer" });
    await isAtRest(bot.url);
    const before = things(double);
    const runs = double.state.runs.length;
    await bot.stop();

    const back = await keeping.putBack();
    const { stdout } = await execa("node", ["script/queue/main.ts", "restored"], { env: back.env });
    expect(stdout).toContain("Operations that were under way in it: 1.");
    await ann.comment(pull, "/help");
    bot = await start(back.store);
    await vi.waitFor(() => expect(bodies(double)).toContain("`/promote [sha]`"), PATIENT);
    await vi.waitFor(() => expect(bodies(double)).toContain("Belay had seen it before"), PATIENT);
    await isAtRest(bot.url);
    const after = things(double);
    expect(after).toEqual([...new Set(after)]);
    expect(after).toEqual(expect.arrayContaining([...before]));
    expect(double.state.runs).toHaveLength(runs);

    // And it works.
    await ann.comment(pull, "/status");
    await vi.waitFor(() => expect(bodies(double)).toContain("Nothing is running."), PATIENT);
    await ann.comment(pull, "/drift");
    await vi.waitFor(() => expect(double.state.runs).toHaveLength(runs + 1), PATIENT);
  },
  300_000,
);

const bodies = (double: Double): string => double.state.comments.map(({ body }) => body).join("\n");
