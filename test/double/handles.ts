/** The parts of a double's handle that act on it and look at it. */
import { randomBytes } from "node:crypto";
import type { Double } from "./api.ts";
import { createCheck, newestChecks } from "./github/checks.ts";
import { ACTIONS_APP, type App, type Repository } from "./github/state.ts";
import { fullName, repositoryNamed, repositoryOf, type World } from "./github/world.ts";
import { makePerson } from "./people.ts";
import type { Runs } from "./runner/runs.ts";
import { addRepository, createApp, ensureAccount } from "./setup.ts";
import { commentsOf } from "./views/pull.ts";

const DAY_MS = 86_400_000;

const firstRepository = (world: World): Repository => {
  const [first] = world.state.repositories;
  if (!first) throw new Error("the double has no repository");
  return first;
};

const issueUserToken = (world: World, login: string, clientId: string): string => {
  const token = `ghu_${randomBytes(18).toString("hex")}`;
  const expiresAt = world.now().getTime() + DAY_MS;
  const account = ensureAccount(world, login);
  world.state.tokens.set(token, { kind: "user", token, login: account.login, clientId, expiresAt });
  return token;
};

type Acting = Pick<Double, "connect" | "as" | "addApp" | "addRepository" | "userToken" | "foreignCheck">;

export const acting = (world: World, app: App, runs: Runs): Acting => ({
  connect: (webhookUrl) => {
    app.webhookUrl = webhookUrl;
  },
  as: (login) => makePerson(world, runs, ensureAccount(world, login).login),
  addApp: (name) => createApp(world, app.owner, { name }),
  addRepository: (options) => addRepository(world, options),
  userToken: (login, clientId = app.clientId) => issueUserToken(world, login, clientId),
  foreignCheck: async (sha, name, conclusion, by = ACTIONS_APP) => {
    const of = { repository: firstRepository(world).id, headSha: sha, app: by, name };
    const { made, told } = createCheck(world, of, { status: "completed", conclusion });
    await told;
    return made;
  },
});

type Looking = Pick<Double, "repository" | "comments" | "checks" | "deployments" | "pageOf">;

export const looking = (world: World): Looking => ({
  repository: (name) => (name === undefined ? firstRepository(world) : repositoryNamed(world, name)),
  comments: (pull) => commentsOf(world, pull),
  checks: (sha) => newestChecks(world.state.checks.filter((one) => one.headSha === sha)),
  deployments: (environment) =>
    world.state.deployments.filter((one) => (environment ?? one.environment) === one.environment),
  pageOf: (what) => {
    const home = `${world.url}/${fullName(repositoryOf(world, what.repository))}`;
    return "head" in what ? `${home}/pull/${what.number}` : `${home}/actions/runs/${what.id}`;
  },
});
