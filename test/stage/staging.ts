/** What developers do to the source, and what the sites then serve. */
import { setTimeout as sleep } from "node:timers/promises";
import { addTheme, type Site, setOption, writeRevision } from "../lab/wordpress.ts";
import type { Stage } from "./stage.ts";

/**
 * Staging is changed and deployed from git: a theme, the data of the plugin, an option, and the commit that says so.
 * @param extra PHP at the head of each page of the theme
 */
export async function deployToStaging(
  { lab, double, names }: Pick<Stage, "lab" | "double" | "names">,
  version: string,
  extra = "",
): Promise<string> {
  await addTheme(lab.staging, { version, ...(extra === "" ? {} : { extra }) });
  await setOption(lab.staging, "lab_season", `Season ${version}`);
  const sha = await double.as("dev").push(names.source, { "theme.txt": `version ${version}\n` });
  await writeRevision(lab.staging, sha);
  // GitHub's clock counts seconds: a comment of the same second could have been meant for the commit before.
  await sleep(1_100);
  return sha;
}

/** What a site serves: the version of its code and of its data, for example `2/2`. */
export async function serves(site: Site): Promise<string> {
  const page = await (await fetch(`${site.url}/?served=${Date.now()}`)).text();
  return /data-code="([^"]*)" data-db="([^"]*)"/.exec(page)?.slice(1, 3).join("/") ?? "nothing";
}
