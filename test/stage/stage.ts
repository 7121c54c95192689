/** Everything that the demo and the whole-chain tests play on: the laboratory, GitHub's double with a repository, the bot. */
import type { Double } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { type Laboratory, type LaboratoryOptions, startLaboratory } from "../lab/laboratory.ts";
import { freePort } from "../lab/servers.ts";
import { startBot } from "./bot.ts";
import type { Words } from "./configuration.ts";
import { startGitHub } from "./github.ts";
import { prepareHost } from "./host.ts";

export type Stage = {
  readonly lab: Laboratory;
  readonly double: Double;
  readonly bot: { readonly url: string };
  /** Names of the two environments, which are their branches' names too. */
  readonly names: { readonly source: string; readonly target: string };
  readonly stop: () => Promise<void>;
};
export type StageOptions = LaboratoryOptions & {
  /** What the site's configuration says; the usual where it is silent. */
  readonly words?: Partial<Words>;
};
export type Undo = () => Promise<void>;

/** Starts the laboratory and prepares production's host; staging is an empty host until it is cloned. */
export async function startSites(options: LaboratoryOptions, undo: Undo[]): Promise<Laboratory> {
  const lab = await startLaboratory(options);
  undo.push(lab.stop);
  const prepared = await prepareHost(lab, lab.production);
  if (prepared.exitCode !== 0) throw new Error(`production was not prepared:\n${prepared.stdout}`);
  return lab;
}

/** GitHub and the bot for a laboratory. */
export async function startService(
  lab: Laboratory,
  undo: Undo[],
  words: Partial<Words> = {},
): Promise<Omit<Stage, "lab">> {
  const { source = "staging", target = "production" } = words;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const double = await startGitHub(lab, url, words);
  undo.push(double.close);
  undo.push((await startBot(lab, double, port)).stop);
  return { double, bot: { url }, names: { source, target }, stop: () => takeDown(undo) };
}

/** All of it at once. Nothing stays behind when it fails half way. */
export async function startStage({ words, ...options }: StageOptions = {}): Promise<Stage> {
  const undo: Undo[] = [];
  try {
    const lab = await startSites(options, undo);
    return { lab, ...(await startService(lab, undo, words)) };
  } catch (error) {
    await takeDown(undo);
    throw error;
  }
}

/** The pull request from the source's branch to the target's, with a first commit to promote. */
export async function openEnvironmentPullRequest({ double, names }: Stage): Promise<PullRequest> {
  const dev = double.as("dev");
  await dev.push(names.source, { "theme.txt": "version 1, on its way\n" });
  return dev.openPullRequest({
    head: names.source,
    base: names.target,
    title: `Promote ${names.source}`,
    body: "",
  });
}

/** Runs what was collected, the newest first; a failure of one does not keep the others from running. */
export async function takeDown(undo: Undo[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step().catch((error) => console.error(String(error)));
}
