import { beforeEach, describe, expect, it } from "vitest";
import { beginDue } from "../../src/flows/due.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { backedUp, measured, NOT_COMPARED } from "./facts.ts";
import { HEAD, openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

const operations = () => world.open.store.transaction((tx) => tx.operations({}, { limit: 50 }));

describe("a new environment pull request", () => {
  it("gets its checks at once, each saying what to type", async () => {
    await world.pullRequest();

    expect(await world.checks()).toEqual({
      drift: "action_required",
      backup: "action_required",
      release: "action_required",
      approval: "action_required",
      promotion: "action_required",
    });
    const [check] = (await world.effects("check")).filter(
      (one) => one.name === "belay / production / promotion",
    );
    expect(check?.title).toBe("staging has not been promoted to production at this commit.");
    expect(check?.summary).toContain("Comment `/promote`");
  });

  it("gets them once, however often the webhook is delivered", async () => {
    await world.pullRequest();
    await world.pullRequest();
    expect(await world.effects("check")).toHaveLength(5);
  });

  it("says that only staging merges here, to another head", async () => {
    world.github.changed.set(7, ["wp-content/themes/acme/style.css", "README.md"]);
    await world.pullRequest({ head_ref: "feature" });
    expect(await world.checks()).toMatchObject({ promotion: "failure", drift: "failure" });
    const title = (await world.effects("check")).at(-1)?.title;
    expect(title).toBe("Only staging merges into production; this pull request comes from feature.");
  });

  it("lets another head pass that touches nothing promoted", async () => {
    world.github.changed.set(7, [".github/belay.yml", "docs/a.md", "README.md"]);
    await world.pullRequest({ head_ref: "feature" });
    expect(await world.checks()).toMatchObject({
      promotion: "success",
      drift: "success",
      release: "success",
    });
  });

  it("lets a pull request pass that is against no environment's branch", async () => {
    await world.pullRequest({ base_ref: "main", head_ref: "feature" });
    expect(await world.checks()).toEqual({ promotion: "success" });
    expect((await world.effects("check"))[0]).toMatchObject({ name: "belay / main / promotion" });
  });

  it("of a fork is refused", async () => {
    world.github.changed.set(7, ["index.php"]);
    await world.pullRequest({ head_repository_id: 1 });
    expect(await world.checks()).toMatchObject({ promotion: "failure" });
  });

  it("hears nothing where Belay is not set up", async () => {
    world.github.files.clear();
    await world.pullRequest();
    expect(await world.effects("check")).toEqual([]);
  });
});

describe("a command is answered and starts nothing", () => {
  it.each([
    ["/promot", "command_unknown", "Did you mean `/promote`?"],
    ["/deploy", "command_unknown", "Comment `/help`"],
    ["/approve", "approval_no_plan", "there is no plan of `111111111111` yet"],
    ["/approve it", "command_argument", "takes only a release"],
    ["/rehearse", "command_not_available", "`/rehearse` is not available yet"],
    ["/veto", "command_argument", "takes a package with its version"],
    ["/veto discovery@1.0.0", "packages_none", "about configuration packages"],
    ["/cancel", "cancel_nothing", "no operation of this pull request is under way"],
    ["/promote now", "command_argument", "takes only a commit"],
    ["/backup\n/promote", "several_commands", "one command in a new comment"],
    ["/promote 2222222", "head_other", "you named `2222222`, but the pull request is at `111111111111`"],
  ])("%j: %s", async (body, code, words) => {
    await world.pullRequest();
    expect(await world.says("mona", body)).toBe(code);
    expect(await world.lastAnswer()).toContain(words);
    expect(await operations()).toEqual([]);
    // Only what had to be looked up in the store first is shown to have been seen.
    const seen = code === "approval_no_plan" || code === "cancel_nothing" ? [{ content: "eyes" }] : [];
    expect(await world.effects("reaction")).toMatchObject(seen);
    expect(await world.effects("reaction")).toHaveLength(seen.length);
  });

  it("from somebody without write permission", async () => {
    await world.pullRequest();
    expect(await world.says("visitor", "/promote")).toBe("permission_missing");
    expect(await world.lastAnswer()).toContain(
      "`/promote` needs write permission in this repository, and you have read",
    );
    expect(await operations()).toEqual([]);
  });

  it("when the comment was edited", async () => {
    await world.pullRequest();
    expect(await world.says("mona", "/promote", { edited: true })).toBe("comment_edited");
  });

  it("when it was edited in the very second in which it was written", async () => {
    await world.pullRequest();
    const at = world.now();
    const common = { id: 61, number: 7, created_at: at, updated_at: at, seen: false };
    world.github.comments.set(61, { ...common, body: "/promote", author: "mona", author_type: "User" });
    expect(await world.says("mona", "/drift", { id: 61 })).toBe("comment_edited");
    expect(await operations()).toEqual([]);
  });

  it("on a fork", async () => {
    await world.pullRequest({ head_repository_id: 1 });
    expect(await world.says("mona", "/promote")).toBe("pull_request_fork");
  });

  it.each([
    ["closed", "Reopen it"],
    ["merged", "Open a new environment pull request"],
  ] as const)("on a pull request that is %s", async (state, words) => {
    await world.pullRequest({ state });
    expect(await world.says("mona", "/promote")).toBe("pull_request_closed");
    expect(await world.lastAnswer()).toContain(words);
  });

  it("on a pull request that is none of an environment", async () => {
    await world.pullRequest({ base_ref: "main", head_ref: "feature" });
    expect(await world.says("mona", "/promote")).toBe("pull_request_not_governed");
    expect(await world.says("mona", "/deploy")).toBe("ignored");
  });

  it("without a configuration", async () => {
    world.github.files.clear();
    await world.pullRequest();
    expect(await world.says("mona", "/promote")).toBe("config_missing");
    expect(await world.lastAnswer()).toContain("there is no `.github/belay.yml` on `main`");
    expect(await world.says("mona", "/deploy")).toBe("ignored");
  });

  it("with a wrong configuration: every error with its line", async () => {
    const wrong = EXAMPLE.replace("preset: commerce-protect", "preset: comerce").replace(
      "path: [staging, production]",
      "path: [staging, prod]",
    );
    world.github.files.set(".github/belay.yml", wrong);
    await world.pullRequest();
    expect(await world.says("mona", "/promote")).toBe("config_invalid");
    const answer = await world.lastAnswer();
    expect(answer).toMatch(/^- line 3 /m);
    expect(answer).toMatch(/^- line 21 /m);
    expect(await world.checks()).toEqual({ promotion: "action_required" });
  });
});

describe("a command acts once", () => {
  it("however often its comment is delivered", async () => {
    await world.pullRequest();
    expect(await world.says("mona", "/backup", { id: 55 })).toBe("started");
    expect(await world.says("mona", "/backup", { id: 55 })).toBe("ignored");
    expect(await world.effects("dispatch")).toHaveLength(1);
  });

  it("and not at all in what a bot says, or somebody quotes", async () => {
    await world.pullRequest();
    world.github.comments.set(60, {
      seen: false,
      id: 60,
      number: 7,
      body: "/promote",
      author: "helpful",
      author_type: "Bot",
      created_at: world.now(),
      updated_at: world.now(),
    });
    expect(await world.says("helpful", "/promote", { id: 60 })).toBe("ignored");
    expect(await world.says("mona", "> /promote")).toBe("ignored");
    expect(await world.effects("reaction")).toEqual([]);
  });
});

describe("bots", () => {
  let id = 70;
  const says = (bot: string, body: string) => {
    id += 1;
    world.wait(1);
    const at = { created_at: world.now(), updated_at: world.now(), seen: false };
    const by = { author: `${bot}[bot]`, author_type: "Bot", bot } as const;
    world.github.comments.set(id, { id, number: 7, body, ...by, ...at });
    return world.says(`${bot}[bot]`, body, { id });
  };
  beforeEach(async () => {
    world.github.policy = "version: 1\ndefaults:\n  backup: {bots: [train]}\n  cancel: {bots: [train]}\n";
    await world.pullRequest();
  });

  it("give the commands that the policy names them for, on record under their name", async () => {
    expect(await says("train", "/backup")).toBe("started");
    expect((await operations())[0]).toMatchObject({ kind: "backup", requested_by: "train[bot]" });
    expect(await says("train", "/cancel")).toBe("cancelled");
  });

  it.each(["/promote", "/approve", "/status", "/unlock"])(
    "are refused %s, which they are not named for",
    async (body) => {
      // What GitHub may say of the login is no right of the App.
      world.github.permissions.set("train[bot]", "admin");
      expect(await says("train", body)).toBe("bot_not_listed");
      expect(await world.lastAnswer()).toContain(
        `the policy does not name \`train\` among the bots that may give \`${body}\``,
      );
      expect(await operations()).toEqual([]);
    },
  );

  it("that are named for nothing are not heard, whatever they say", async () => {
    for (const body of ["/backup", "/help", "/deploy", "/backup\n/cancel"])
      expect(await says("trian", body)).toBe("ignored");
    world.github.policy = "absent";
    expect(await says("train", "/backup")).toBe("ignored");
    world.github.files.clear();
    expect(await says("train", "/backup")).toBe("ignored");
    expect(await world.effects("answer")).toEqual([]);
  });

  it("are judged by the pull request as GitHub has it, not by a record that is behind", async () => {
    world.github.policy = "version: 1\nenvironments:\n  production:\n    backup: {bots: [train]}\n";
    await world.pullRequest({ base_ref: "another" });
    world.github.pull_requests.set(7, PULL_REQUEST);
    expect(await says("train", "/backup")).toBe("started");
  });

  it("that were not heard are not obeyed later, when the policy names them and the comment is delivered again", async () => {
    expect(await says("helper", "/backup")).toBe("ignored");
    world.github.policy = "version: 1\ndefaults:\n  backup: {bots: [helper]}\n";
    expect(await world.says("helper[bot]", "/backup", { id })).toBe("ignored");
    expect(await says("helper", "/backup")).toBe("started");
  });

  it("lose what is under way when the policy drops them before its next attempt", async () => {
    await says("train", "/backup");
    await world.runs({ backup_create: () => ({ error: "ANSIBLE_HOST_UNREACHABLE", message: "No answer." }) });
    const { id: waiting } = await world.operation();
    world.github.policy = "absent";
    world.wait(3600);
    expect(await beginDue(world.deps, waiting)).toBe("ended");
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "bot_not_listed" });
  });
});

describe("a command is bound to the head that the person saw", () => {
  it("a push around the time of the comment stops it", async () => {
    await world.pullRequest();
    world.wait(60);
    const pushed = "2".repeat(40);
    world.github.pull_requests.set(7, { ...PULL_REQUEST, head_sha: pushed });
    expect(await world.says("mona", "/promote")).toBe("head_moved");
    expect(await world.lastAnswer()).toContain("comment `/promote 222222222222`");
    expect(await world.says("mona", "/promote")).toBe("blocked");
  });

  it("a push in the very second of the comment stops it, too", async () => {
    await world.pullRequest();
    world.wait(60);
    const at = new Date(Date.parse(world.now()) + 1000).toISOString();
    await world.pullRequest({ head_sha: "2".repeat(40), updated_at: at });
    expect(await world.says("mona", "/plan")).toBe("head_moved");
    expect(await world.says("mona", "/plan")).toBe("blocked");
  });

  it("a pull request that no webhook told of is known from the first command on", async () => {
    world.github.pull_requests.set(7, PULL_REQUEST);
    expect(await world.says("mona", "/plan")).toBe("head_unseen");
    expect(await world.says("mona", "/plan")).toBe("blocked");
  });

  it("what is not about a commit needs none: /backup, /drift, /refresh", async () => {
    world.github.pull_requests.set(7, PULL_REQUEST);
    expect(await world.says("mona", "/backup")).toBe("started");
  });

  it("an explicit commit needs no history", async () => {
    world.github.pull_requests.set(7, PULL_REQUEST);
    expect(await world.says("mona", `/promote ${HEAD.slice(0, 12)}`)).toBe("blocked");
  });
});

describe("one operation holds an environment", () => {
  it("a second command hears who holds it, and the first goes on", async () => {
    await world.pullRequest();
    await world.says("mona", "/backup");
    expect(await world.says("mona", "/drift")).toBe("environment_locked");
    expect(await world.lastAnswer()).toContain(
      "production is held by `/backup` of pull request 7, asked for by `mona`",
    );
    const [refused] = await operations();
    expect(refused).toMatchObject({ kind: "drift", state: "blocked", result_code: "environment_locked" });

    const run = await world.claim((await world.effects("dispatch"))[0]?.inputs.job ?? "");
    expect(run).toMatchObject({ kind: "claimed", claim: { job_type: "backup_create" } });
  });
});

describe("/drift and /backup", () => {
  it("a drift check without a baseline is unknown, on record, and says what to type", async () => {
    await world.pullRequest();
    await world.says("mona", "/drift");
    const run = await world.runs({
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: measured({}) } }),
    });
    expect(run.result).toBe("succeeded");
    expect(await world.checks()).toMatchObject({ drift: "failure" });
    expect(await world.comment()).toContain("Comment `/refresh`");
    const { drift_check_id } = await world.operation();
    expect(await world.open.store.transaction((tx) => tx.driftCheck(drift_check_id ?? ""))).toMatchObject({
      status: "unknown",
    });
  });

  it("a backup that failed is not one", async () => {
    await world.pullRequest();
    await world.says("mona", "/backup");
    const run = await world.runs({ backup_create: () => ({ error: "RESTIC_FAILED", message: "No space." }) });
    expect(run.result).toBe("failed");
    expect(await world.lastAnswer()).toContain("No space.");
    await world.says("mona", "/promote");
    expect(await world.comment()).toContain(
      "no full backup of production is proven (the last one is failed, scope full)",
    );
  });

  it("a backup that is proven turns its check green", async () => {
    await world.pullRequest();
    await world.says("mona", "/backup");
    await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
    expect(await world.checks()).toMatchObject({ backup: "success", promotion: "action_required" });
    expect(await world.comment()).toContain("Next: Comment `/promote`.");
  });
});

describe("/help and /status", () => {
  it("are for everybody", async () => {
    await world.pullRequest();
    expect(await world.says("visitor", "/help")).toBe("help");
    expect(await world.lastAnswer()).toContain("| `/promote [sha]` | write |");
    expect(await world.says("visitor", "/status")).toBe("status");
    expect(await world.lastAnswer()).toContain("Nothing is running.");
  });

  it("still answer after the merge", async () => {
    await world.pullRequest({ state: "merged" });
    expect(await world.says("mona", "/status")).toBe("status");
  });
});

it("rows of the site follow its configuration", async () => {
  await world.pullRequest();
  await world.says("mona", "/status");
  const site = await world.open.store.transaction((tx) => tx.siteOfRepository(REPOSITORY.id));
  expect(site).toMatchObject({ name: "acme-shop", repository: REPOSITORY });
  const environments = await world.open.store.transaction((tx) => tx.environmentsOf(site?.id ?? ""));
  expect(environments.map((one) => [one.name, one.type, one.drift_status])).toEqual([
    ["staging", "staging", "unknown"],
    ["production", "production", "unknown"],
  ]);
});
