/** What people do to a WordPress site: install it, write, change themes and plugins. Each through the site's own PHP. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { phpFile, wp } from "./php.ts";
import { type Site, writeCode } from "./site.ts";

export { wp } from "./php.ts";
export { OWNER, type Site, writeCode, writeRevision } from "./site.ts";

export type Account = { readonly login: string; readonly password: string };

const Installed = z.object({ posts: z.array(z.number()), page: z.number() });

/** Installs WordPress and fills it with posts, a page, comments, users, uploads and options. @returns ids of posts and page */
export async function installWordPress(
  site: Site,
  admin: Account,
  visitor: Account,
): Promise<z.infer<typeof Installed>> {
  await wp(
    site,
    `require_once ABSPATH . 'wp-admin/includes/upgrade.php';
     wp_install('Laboratory', $input['login'], 'admin@lab.example', true, '', $input['password']);
     update_option('siteurl', $input['url']);
     update_option('home', $input['url']);`,
    { ...admin, url: site.url },
    // Declared before WordPress declares its own, which would send mail.
    "define('WP_INSTALLING', true); function wp_new_blog_notification() {} require 'wp-load.php';",
  );
  return Installed.parse(await wp(site, await phpFile("fill.php"), { visitor, url: site.url }));
}

export type Theme = {
  /** What the theme prints as `data-code`, and writes as the option that it prints as `data-db`. */
  readonly version: string;
  /** PHP that runs at the head of each page; it may set `$promise`, a sentence that health checks look for. */
  readonly extra?: string;
};

/**
 * Adds a theme `lab-<version>` and activates it. Each page carries `data-code` (from the theme's file), `data-db` (from an option) and, with
 * the plugin, `data-table` (from its table), so that a page made of old code and new data is seen; and the latest comments.
 * Use each version once: PHP may serve a file that was overwritten for two seconds more.
 */
export async function addTheme(site: Site, theme: Theme): Promise<void> {
  for (const file of ["style.css", "functions.php", "index.php"]) {
    const text = await template(`theme/${file}`, { version: theme.version, extra: theme.extra ?? "" });
    await writeCode(site, `wp-content/themes/lab-${theme.version}/${file}`, text);
  }
  await wp(site, await phpFile("activate-theme.php"), { version: theme.version });
  // The first page with a new theme moves menus and widgets over and notes that there is no custom CSS; done here, it is no surprise later.
  await (await fetch(`${site.url}/`)).text();
}

/** Adds and activates a plugin with a table of its own, `{prefix}lab_widgets`: 200 rows, the first of which is the version of the data. */
export async function addPlugin(site: Site, version: string): Promise<void> {
  await writeCode(
    site,
    "wp-content/plugins/lab-widgets/lab-widgets.php",
    await template("plugin.php", { version }),
  );
  const problem = await wp(site, await phpFile("plugin-table.php"), { version });
  if (problem !== null) throw new Error(`The plugin was not activated in ${site.name}: ${problem}`);
}

export async function setOption(site: Site, name: string, value: unknown): Promise<void> {
  await wp(site, "update_option($input['name'], $input['value']);", { name, value });
}

/** Edits a post as its author would. @returns ids of the rows of `posts` that it wrote: the post's and its revision's */
export async function editPost(site: Site, id: number, content: string): Promise<readonly number[]> {
  return z.array(z.number()).parse(await wp(site, await phpFile("edit-post.php"), { id, content }));
}

/** A file of `content/` with `{name}` replaced by its value. */
async function template(file: string, values: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(new URL(`content/${file}`, import.meta.url), "utf8");
  return Object.entries(values).reduce(
    (now, [name, value]) => now.replaceAll(`{${name}}`, () => value),
    text,
  );
}
