/** Routes named as GitHub's description names them, and what a handler is given. */
import { z } from "zod";
import { forbidden, notFound, Refusal, unauthorized } from "../github/errors.ts";
import type { Repository } from "../github/state.ts";
import { fullName, type World } from "../github/world.ts";
import type { Operation } from "../operations.ts";
import { type Actor, type Needs, permits } from "./auth.ts";

export type Call = {
  readonly world: World;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly url: URL;
  readonly body: unknown;
  readonly accept: string;
};

/** `list` is cut into pages, under `key` with a total (and `more`) where GitHub wraps it; `raw` is sent as it is. */
export type Reply =
  | { readonly status?: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly list: readonly unknown[];
      readonly key?: string;
      readonly more?: Readonly<Record<string, unknown>>;
    }
  | { readonly raw: string; readonly type: string };

export type Route = {
  readonly operation: string;
  readonly needs: Needs;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
};

export const route = (
  operation: Operation | "GET /repositories/{repository_id}",
  needs: Needs,
  handle: Route["handle"],
): Route => ({
  operation,
  needs,
  handle,
});

/** Parameters whose value may hold slashes. */
const GREEDY = new Set(["path", "ref", "branch", "basehead"]);

const pattern = (path: string): RegExp =>
  new RegExp(
    `^${path.replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${GREEDY.has(name) ? ".+" : "[^/]+"})`)}$`,
  );

export type Match = { readonly route: Route; readonly params: Readonly<Record<string, string>> };

/** Finds the route for a request; the one with more fixed parts wins. */
export const makeRouter = (
  routes: readonly Route[],
): ((method: string, path: string) => Match | undefined) => {
  const table = routes
    .map((one) => {
      const [method = "", path = ""] = one.operation.split(" ");
      return {
        route: one,
        method,
        expression: pattern(path),
        weight: path.split("/").filter((part) => !part.startsWith("{")).length,
      };
    })
    .sort((a, b) => b.weight - a.weight);
  return (method, path) => {
    for (const entry of table) {
      const found = entry.method === method ? entry.expression.exec(path) : null;
      if (!found) continue;
      const params = Object.entries(found.groups ?? {}).map(([name, text]) => [
        name,
        decodeURIComponent(text),
      ]);
      return { route: entry.route, params: Object.fromEntries(params) };
    }
    return undefined;
  };
};

const covers = (world: World, actor: Actor, repository: Repository): boolean => {
  if (actor.kind !== "token") return actor.kind === "app";
  const { token } = actor;
  if (token.kind === "workflow") return token.repository === repository.id;
  if (token.kind === "user")
    return !repository.private || (repository.permissions.get(token.login) ?? "none") !== "none";
  const installation = world.state.installations.find(({ id }) => id === token.installation);
  if (installation?.account !== repository.owner) return false;
  const chosen = installation.selected?.has(repository.id) ?? true;
  return (chosen || !repository.private) && (token.repositories?.includes(repository.id) ?? true);
};

/** The repository that the path names, if the caller may know of it; else 404, as GitHub hides what is private. */
export const repositoryIn = ({ world, actor, params }: Call): Repository => {
  const { owner = "", repo = "", repository_id: id } = params;
  const name = `${owner}/${repo}`.toLowerCase();
  const found = world.state.repositories.find((one) =>
    id ? String(one.id) === id : fullName(one).toLowerCase() === name,
  );
  if (!found || !covers(world, actor, found)) throw notFound();
  return found;
};

/** Throws 401 or 403 unless the actor may call a route with such needs. */
export const authorize = (actor: Actor, needs: Needs): void => {
  if (actor.kind === "nobody") throw unauthorized("Requires authentication");
  if (needs === "app" || needs === "client") {
    if (actor.kind !== needs) throw unauthorized();
    return;
  }
  if (actor.kind !== "token") throw new Refusal(403, "A token of an installation or a person is needed here");
  if (needs === "anyone") return;
  if (needs === "user") {
    if (actor.token.kind !== "user") throw forbidden();
  } else if (actor.token.kind !== "user" && !permits(actor.token.permissions, needs)) throw forbidden();
};

/** The body as the handler's own shape; it was checked against GitHub's schema before. */
export const bodyAs = <T>(call: Call, shape: z.ZodType<T>): T => {
  const parsed = shape.safeParse(call.body ?? {});
  if (!parsed.success) throw new Refusal(422, z.prettifyError(parsed.error), { errors: [] });
  return parsed.data;
};

export const numberIn = (call: Call, name: string): number => Number(call.params[name]);
