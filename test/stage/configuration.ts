/** The site's `.github/belay.yml`, as somebody with these two environments would write it. */
import { stringify } from "yaml";
import type { Laboratory } from "../lab/laboratory.ts";
import type { Site } from "../lab/wordpress.ts";

export type Words = {
  /** Names of the two environments and of their branches. */
  readonly source: string;
  readonly target: string;
  /** How old the last full backup may be. */
  readonly maxAge: string;
  /** Keys of `promotion` beside or instead of the usual ones. */
  readonly promotion: Readonly<Record<string, unknown>>;
};

const USUAL: Words = { source: "staging", target: "production", maxAge: "24h", promotion: {} };

export function siteConfig(lab: Laboratory, given: Partial<Words> = {}): string {
  const { source, target, maxAge, promotion } = { ...USUAL, ...given };
  return stringify({
    version: 1,
    site: "lab-shop",
    path: [source, target],
    environments: {
      [source]: { type: "staging", ...environment(lab.staging, source), cloned_from: target },
      [target]: { type: "production", ...environment(lab.production, target) },
    },
    promotion: {
      preset: "content-protect",
      drift: "live",
      tables: { promote: ["lab_widgets"] },
      options: { promote: ["lab_*", "theme_mods_*"] },
      backup: { max_age: maxAge },
      ...promotion,
    },
    health: [
      { path: "/", status: 200, contains: "Open all year", within_s: 10 },
      { path: "/wp-login.php", status: 200, contains: "user_login", within_s: 10 },
    ],
  });
}

const environment = (site: Site, branch: string) => ({
  branch,
  url: site.url,
  host: `web-${site.name}`,
  root: site.root,
  database: { name: site.database, prefix: site.prefix },
});
