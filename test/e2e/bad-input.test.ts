/**
 * What people and machines get wrong, on the whole chain: each time the bot's own words say what happened and what to type next,
 * and production is as it was. Cases that need neither GitHub nor a host stand in the cheaper tests.
 */
import { mkdir, readlink, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PullRequest } from "../double/github/state.ts";
import { observe } from "../lab/comparison.ts";
import { createDatabase, mariadb, startMariaDb } from "../lab/servers/mariadb.ts";
import { freePort } from "../lab/servers.ts";
import { layOut, OWNER } from "../lab/site.ts";
import type { Site } from "../lab/wordpress.ts";
import { command, type Told } from "../stage/commands.ts";
import { siteConfig } from "../stage/configuration.ts";
import { siteRepository } from "../stage/github.ts";
import { openEnvironmentPullRequest, type Stage, startStage } from "../stage/stage.ts";

const CONFIG = ".github/belay.yml";
const LOST = "rope-works/lost-shop";

let stage: Stage;
let pull: PullRequest;
let before: unknown;
let lost: { readonly pull: PullRequest; readonly told: Promise<Told>; readonly botUrl: string };

beforeAll(async () => {
  stage = await startStage();
  pull = await openEnvironmentPullRequest(stage);
  before = await production();
  lost = await startWithoutBot();
});
afterAll(async () => {
  await stage?.stop();
});

/** Everything of production that a mistake could have touched. */
async function production() {
  const { lab, double } = stage;
  const { database, root } = lab.production;
  const sql = `SELECT table_schema, table_name, create_time FROM information_schema.tables WHERE table_schema LIKE '${database}%' ORDER BY 1, 2`;
  return {
    data: await observe(lab.database.socket, lab.production),
    tables: await mariadb(lab.database.socket, sql),
    current: await readlink(path.join(root, "current")),
    deployments: double.deployments().length,
  };
}

/** A repository whose workflow names an address where no bot listens. Its run tries for a minute, beside the other tests. */
async function startWithoutBot() {
  const { lab, double } = stage;
  const botUrl = `http://127.0.0.1:${await freePort()}`;
  double.addRepository({ ...(await siteRepository(lab, botUrl)), name: LOST });
  const dev = double.as("dev");
  await dev.push("staging", { "theme.txt": "version 1, on its way\n" }, { repository: LOST });
  const pull = await dev.openPullRequest({
    repository: LOST,
    head: "staging",
    base: "production",
    title: "Promote staging",
    body: "",
  });
  return { pull, botUrl, told: command({ double, pull, login: "dev" }, "/backup") };
}

const say = (text: string, on = pull, login = "dev"): Promise<Told> =>
  command({ double: stage.double, pull: on, login }, text);

/** Changes a file on the default branch while `work` is done. */
async function withFile<T>(file: string, text: string | null, work: () => Promise<T>): Promise<T> {
  const { double } = stage;
  const repository = double.repository();
  const tip = double.state.commits.get(repository.branches.get(repository.defaultBranch) ?? "");
  const old = tip?.files.get(file);
  if (old === undefined) throw new Error(`${file} is not on the default branch`);
  await double.as("dev").push("main", { [file]: text });
  try {
    return await work();
  } finally {
    await double.as("dev").push("main", { [file]: old });
  }
}

async function pullRequest(head: string, base: string, of?: string): Promise<PullRequest> {
  const dev = stage.double.as("dev");
  const where = of === undefined ? {} : { repository: of };
  await dev.push(head, { [`${head}.txt`]: `${crypto.randomUUID()}\n` }, where);
  const from = of === undefined ? {} : { headRepository: of };
  return dev.openPullRequest({ head, base, title: `${head} to ${base}`, body: "", ...from });
}

async function untouched(): Promise<void> {
  expect(await production()).toEqual(before);
}

describe("refused at once: no run is started", () => {
  const refused = async (told: Promise<Told>, words: readonly string[]) => {
    const runs = () => stage.double.state.runs.filter((run) => run.repository === pull.repository).length;
    const count = runs();
    const { comment } = await told;
    for (const part of words) expect(comment.body).toContain(part);
    expect(comment.body).toContain("Next: ");
    expect(runs()).toBe(count);
    await untouched();
  };

  test("a command that is none", () =>
    refused(say("/promot"), ["`/promot` is no command of Belay. Did you mean `/promote`?"]));

  test("somebody without write permission", () =>
    refused(say("/promote", pull, "visitor"), [
      "needs write permission in this repository, and you have read",
    ]));

  test("a pull request between other branches", async () => {
    const other = await pullRequest("feature", "main");
    await refused(say("/promote", other), ["Nothing was started", "`main`"]);
  });

  test("a fork", async () => {
    stage.double.addRepository({
      name: "dev/lab-shop",
      files: {},
      forkOf: "rope-works/lab-shop",
      people: { dev: "admin" },
    });
    const fork = await pullRequest("staging", "production", "dev/lab-shop");
    await refused(say("/promote", fork), ["comes from a fork, and forks are never promoted"]);
  });

  test("a closed pull request", async () => {
    const dev = stage.double.as("dev");
    await dev.closePullRequest(pull);
    await refused(say("/promote"), ["the pull request is closed, and `/promote` needs an open one"]);
    await dev.reopenPullRequest(pull);
  });

  test("no configuration", () =>
    withFile(CONFIG, null, () =>
      refused(say("/promote"), ["there is no `.github/belay.yml` on `main`", "docs/configuration.md"]),
    ));

  test("a configuration that is no YAML", () =>
    withFile(CONFIG, "version: 1\nenvironments: [staging\n", () =>
      refused(say("/promote"), ["`.github/belay.yml` on `main` has 1 error", "line 3"]),
    ));

  test("a wrong prefix, path and preset: all at once, each with its line", async () => {
    const good = siteConfig(stage.lab);
    const wrong = good
      .replace("prefix: stg7_", "prefix: belay_7")
      .replace("  - staging\n", "  - stagin\n")
      .replace("preset: content-protect", "preset: content-protekt");
    const line = (text: string) => wrong.split("\n").findIndex((one) => one.includes(text)) + 1;
    await withFile(CONFIG, wrong, () =>
      refused(say("/promote"), [
        "has 3 errors",
        `line ${line("- stagin")} (\`path[0]\`)`,
        `line ${line("belay_7")} (\`environments.staging.database.prefix\`)`,
        `line ${line("protekt")} (\`promotion.preset\`)`,
      ]),
    );
  });

  test("no baseline", () =>
    refused(say("/promote"), [
      "there is no baseline for staging and production to compare with",
      "Next: Comment `/refresh`",
    ]));
});

describe("refused by the host: the run says why, and changes nothing", () => {
  const failed = async (words: readonly string[]) => {
    const told = await say("/drift");
    expect(told.ending, told.comment.body).toBe("failed");
    expect(told.comment.body).toContain("The drift check of production failed; nothing has changed.");
    for (const part of words) expect(told.comment.body).toContain(part);
    await untouched();
  };
  const withProduction = (site: Partial<Site>, words: readonly string[]) => {
    const { lab } = stage;
    const text = siteConfig({ ...lab, production: { ...lab.production, ...site } });
    return withFile(CONFIG, text, () => failed(words));
  };

  test("a host that cannot be reached", async () => {
    const closed = String(await freePort());
    const { lab, double } = stage;
    const repository = double.repository();
    const tip = double.state.commits.get(repository.branches.get("main") ?? "");
    const text = tip?.files.get(".github/belay/inventory.yml") ?? "";
    await withFile(".github/belay/inventory.yml", text.replaceAll(String(lab.ssh.port), closed), () =>
      failed([
        "web-production cannot be reached",
        "Connection refused",
        "Check its name and port in the inventory",
      ]),
    );
  });

  test("a host whose key is not the pinned one", async () => {
    const { lab } = stage;
    const other = path.join(lab.folder, "other_key");
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    const { stdout } = await execa("ssh-keygen", ["-y", "-f", other]);
    await withFile(".github/belay/known_hosts", `[127.0.0.1]:${lab.ssh.port} ${stdout}\n`, () =>
      failed(["The key that web-production shows is not the pinned one, so nothing was sent to it"]),
    );
  });

  test("a folder that is not laid out for Belay", async () => {
    const root = path.join(stage.lab.folder, "sites/elsewhere");
    await mkdir(root);
    await execa("chown", [OWNER, root]);
    await withProduction({ root }, ["is not laid out as Belay needs it", "docs/hosts.md"]);
  });

  test("a prefix and a database that are not those of wp-config.php", async () => {
    await withProduction({ prefix: "shop_" }, ["`shop_`", "`wp_`", ".github/belay.yml"]);
    await withProduction({ database: "shop" }, ["`shop`", "`lab_production`", ".github/belay.yml"]);
  });

  test("a database server that is too old", async () => {
    const { lab } = stage;
    const old = await startMariaDb(path.join(lab.folder, "old"), lab.start, ["--version=10.5.28-MariaDB"]);
    const site = { ...lab.production, root: path.join(lab.folder, "sites/old"), databasePort: old.port };
    await createDatabase(old.socket, site);
    await layOut(site);
    await mkdir(path.join(site.root, "releases/000000000001"));
    await symlink("releases/000000000001", path.join(site.root, "current"));
    await withProduction(site, ["10.5.28-MariaDB", "10.6.1", "Upgrade"]);
  });

  test("a bot that cannot be reached from the runner", async () => {
    const { ending, comment } = await lost.told;
    expect(ending, comment.body).toBe("failed");
    expect(comment.body).toContain("The workflow run ended without a report");
    expect(comment.body).toContain("Look at the run's log");
    const run = stage.double.state.runs.find((one) => one.repository === lost.pull.repository);
    const log = run?.log.join("\n") ?? "";
    expect(log).toContain(`BOT_UNREACHABLE: The bot at ${lost.botUrl} could not be reached from the runner`);
    expect(log).toContain("Check `bot-url` in the workflow file");
    await untouched();
  });
});

test("GitHub's own description found nothing wrong", () => {
  expect(stage.double.problems).toEqual([]);
});
