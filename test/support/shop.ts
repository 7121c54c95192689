/** A double of GitHub with one site on it: what stories about the whole bot begin with. */
import { type Double, startDouble } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import type { RepositoryOptions } from "../double/setup.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { METRICS_TOKEN } from "./bot.ts";

type Runner = NonNullable<Parameters<typeof startDouble>[0]["runner"]>;
export type ShopOptions = Partial<Omit<RepositoryOptions, "name">> & { readonly runner?: Runner };

/** `acme/shop` with the branches of the example's environments. `ann` may write and `bob` may read, unless `people` says otherwise. */
export function startShop({ runner, files, ...more }: ShopOptions = {}): Promise<Double> {
  const shop = {
    name: "acme/shop",
    files: { ".github/belay.yml": EXAMPLE, ...files },
    branches: ["staging", "production"],
    people: { ann: "write", bob: "read" } as const,
    ...more,
  };
  return startDouble({ repositories: [shop], ...(runner !== undefined && { runner }) });
}

/** Somebody changes staging, and opens its pull request. */
export async function proposeStaging(double: Double, login = "ann"): Promise<PullRequest> {
  const person = double.as(login);
  await person.push("staging", { "theme.css": "new" });
  return person.openPullRequest({ title: "Promote", head: "staging", base: "production" });
}

/** Whether the bot has done all that it was told of: nothing is waiting or being worked on. */
export async function isSettled(bot: { readonly url: string }): Promise<boolean> {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  const text = await (await fetch(`${bot.url}/api/metrics`, { headers })).text();
  return !/^belay_(deliveries|effects)\{state="pending"\} [1-9]/m.test(text);
}
