/** A WordPress environment in the host layout, seen from the host: folders, configuration, code. */
import { randomBytes } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";

export type Site = {
  readonly name: string;
  /** Folder with `releases`, `current`, `shared` and `.belay`. */
  readonly root: string;
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly prefix: string;
  readonly databasePort: number;
};

/** The system's user that owns the sites and runs their PHP. */
export const OWNER = "www-data";

const FIRST_RELEASE = "releases/000000000001";

/** Runs a command as the sites' owner. */
export const asOwner = (command: readonly string[], input = "") =>
  execa("setpriv", [`--reuid=${OWNER}`, `--regid=${OWNER}`, "--clear-groups", "--", ...command], { input });

/** The skeleton that a host has before Belay sees it: layout, wp-config.php, an empty uploads folder. */
export async function layOut(site: Site): Promise<void> {
  for (const folder of ["releases", "shared/wp-content/uploads", ".belay/hold"]) {
    await mkdir(path.join(site.root, folder), { recursive: true });
  }
  await writeFile(path.join(site.root, "shared/wp-config.php"), wpConfig(site), { mode: 0o640 });
  // PHP refuses every script while the file that runs before it is missing; host-prepare.yml puts the real one here.
  await writeFile(path.join(site.root, ".belay/hold/hold.php"), "<?php\n");
  await execa("chown", ["-R", `${OWNER}:${OWNER}`, site.root]);
}

/** Copies WordPress into a first release and makes it current. @param from folder of an unpacked WordPress */
export async function unpackWordPress(site: Site, from: string): Promise<void> {
  const release = path.join(site.root, FIRST_RELEASE);
  // Debian's WordPress is full of links into other packages.
  await execa("cp", ["-aL", `${from}/.`, release]);
  // Each is the environment's own, and would be lost with the release; nginx reads no .htaccess.
  const own = ["wp-config.php", "wp-content/uploads", ".htaccess"].map((name) => path.join(release, name));
  await execa("rm", ["-rf", ...own]);
  await symlink("../../shared/wp-config.php", path.join(release, "wp-config.php"));
  await symlink("../../../shared/wp-content/uploads", path.join(release, "wp-content/uploads"));
  await symlink(FIRST_RELEASE, path.join(site.root, "current"));
  await execa("chown", ["-hR", `${OWNER}:${OWNER}`, site.root]);
}

/** Writes a file of the code tree that the site runs, as a deployment to this environment would. */
export async function writeCode(site: Site, file: string, text: string): Promise<void> {
  const target = path.join(site.root, "current", file);
  await asOwner(["mkdir", "-p", path.dirname(target)]);
  await asOwner(["tee", target], text);
}

/** Says which commit the code tree is, as a deployment would. */
export const writeRevision = (site: Site, sha: string) => writeCode(site, "REVISION", `${sha}\n`);

function wpConfig(site: Site): string {
  const secret = () => randomBytes(32).toString("base64url");
  const keys = ["AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"];
  const secrets = keys.flatMap((key) => [
    [`${key}_KEY`, secret()],
    [`${key}_SALT`, secret()],
  ]);
  const constants: Readonly<Record<string, string | boolean>> = {
    DB_NAME: site.database,
    DB_USER: site.user,
    DB_PASSWORD: site.password,
    DB_HOST: `127.0.0.1:${site.databasePort}`,
    DB_CHARSET: "utf8mb4",
    DB_COLLATE: "",
    ...Object.fromEntries(secrets),
    DISABLE_WP_CRON: true,
    WP_HTTP_BLOCK_EXTERNAL: true,
    AUTOMATIC_UPDATER_DISABLED: true,
    WP_DEBUG: false,
  };
  const lines = Object.entries(constants).map(
    ([name, value]) => `define( '${name}', ${JSON.stringify(value)} );`,
  );
  return `<?php
${lines.join("\n")}
$table_prefix = '${site.prefix}';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`;
}
