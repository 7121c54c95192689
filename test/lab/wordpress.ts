/** Real WordPress sites in the host layout, changed through their own PHP. */
import { randomBytes } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";

export type Site = {
  readonly name: string;
  readonly root: string;
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly prefix: string;
  readonly databasePort: number;
};

/** The user that owns the sites and runs their PHP. */
export const OWNER = "www-data";

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

function wpConfig(site: Site): string {
  const secret = () => randomBytes(32).toString("base64url");
  const constants: Readonly<Record<string, string | boolean>> = {
    DB_NAME: site.database,
    DB_USER: site.user,
    DB_PASSWORD: site.password,
    DB_HOST: `127.0.0.1:${site.databasePort}`,
    DB_CHARSET: "utf8mb4",
    DB_COLLATE: "",
    AUTH_KEY: secret(),
    SECURE_AUTH_KEY: secret(),
    LOGGED_IN_KEY: secret(),
    NONCE_KEY: secret(),
    AUTH_SALT: secret(),
    SECURE_AUTH_SALT: secret(),
    LOGGED_IN_SALT: secret(),
    NONCE_SALT: secret(),
    DISABLE_WP_CRON: true,
    WP_HTTP_BLOCK_EXTERNAL: true,
    AUTOMATIC_UPDATER_DISABLED: true,
    WP_DEBUG: false,
  };
  const lines = Object.entries(constants).map(
    ([name, value]) => `define( '${name}', ${JSON.stringify(value)} );`,
  );
  return `<?php\n${lines.join("\n")}\n$table_prefix = '${site.prefix}';\nif ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/' );\n}\nrequire_once ABSPATH . 'wp-settings.php';\n`;
}

/** Copies WordPress into a first release and makes it current. */
export async function unpackWordPress(site: Site, from: string): Promise<void> {
  const release = path.join(site.root, "releases/000000000001");
  await execa("cp", ["-aL", `${from}/.`, release]);
  await execa("rm", ["-rf", path.join(release, "wp-config.php"), path.join(release, "wp-content/uploads")]);
  await symlink("../../shared/wp-config.php", path.join(release, "wp-config.php"));
  await symlink("../../../shared/wp-content/uploads", path.join(release, "wp-content/uploads"));
  await symlink("releases/000000000001", path.join(site.root, "current"));
  await execa("chown", ["-hR", `${OWNER}:${OWNER}`, site.root]);
}

/**
 * Runs PHP inside the booted WordPress of a site, as its owner, without the hold (it is no visitor).
 * `$input` is the decoded `input`; the code's `return` value comes back decoded.
 */
export async function wp(
  site: Site,
  code: string,
  input: unknown = null,
  boot = "require 'wp-load.php';",
): Promise<unknown> {
  const url = new URL(site.url);
  const program = `<?php
$input = json_decode(base64_decode('${Buffer.from(JSON.stringify(input)).toString("base64")}'), true);
$_SERVER['HTTP_HOST'] = '${url.host}'; $_SERVER['SERVER_NAME'] = '${url.hostname}'; $_SERVER['SERVER_PORT'] = '${url.port}';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1'; $_SERVER['REQUEST_METHOD'] = 'GET'; $_SERVER['REQUEST_URI'] = '/'; $_SERVER['REMOTE_ADDR'] = '127.0.0.1';
chdir('${site.root}/current'); chdir(realpath('.'));
set_include_path(getcwd());
${boot}
$answer = (function () use ($input) { global $wpdb, $wp_rewrite; ${code} })();
echo "\\n--answer--\\n", json_encode($answer);
`;
  const { stdout } = await asOwner(
    ["php", "-d", "auto_prepend_file=", "-d", "display_errors=stderr"],
    program,
  );
  const answer = stdout.split("\n--answer--\n").at(-1) ?? "null";
  return JSON.parse(answer);
}

export type Account = { readonly login: string; readonly password: string };
const Installed = z.object({ posts: z.array(z.number()), page: z.number() });

/** Installs WordPress and fills it: posts, a page, comments, users, uploads, options with the site's address in every form. */
export async function installProduction(
  site: Site,
  admin: Account,
  visitor: Account,
): Promise<z.infer<typeof Installed>> {
  await wp(
    site,
    `require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install('Laboratory', $input['admin']['login'], 'admin@lab.example', true, '', $input['admin']['password']);
    update_option('siteurl', $input['url']); update_option('home', $input['url']);
    return true;`,
    { admin, url: site.url },
    "define('WP_INSTALLING', true); function wp_new_blog_notification() {} require 'wp-load.php';",
  );
  return Installed.parse(await wp(site, FILL, { visitor, url: site.url }));
}

const FILL = `
wp_create_user($input['visitor']['login'], $input['visitor']['password'], 'visitor@lab.example');
foreach (['comment_moderation' => '0', 'comment_previously_approved' => '0', 'comments_notify' => '0', 'moderation_notify' => '0', 'blogdescription' => 'Two sites, one rope'] as $name => $value) update_option($name, $value);
$url = $input['url'];
update_option('lab_settings', ['logo' => $url . '/wp-content/uploads/logo.png', 'nested' => ['home' => $url . '/', 'raw' => serialize(['again' => $url])]]);
require_once ABSPATH . 'wp-admin/includes/image.php';
$posts = [];
for ($i = 1; $i <= 12; $i++) {
  $picture = imagecreatetruecolor(64, 48); imagefill($picture, 0, 0, imagecolorallocate($picture, 20 * $i, 90, 160));
  ob_start(); imagepng($picture); $bits = ob_get_clean();
  $upload = wp_upload_bits("picture-$i.png", null, $bits);
  $media = wp_insert_attachment(['post_mime_type' => 'image/png', 'post_title' => "Picture $i", 'post_status' => 'inherit'], $upload['file']);
  wp_update_attachment_metadata($media, wp_generate_attachment_metadata($media, $upload['file']));
  $content = "<!-- wp:paragraph --><p>Paragraph $i, see <a href=\\"$url/post-1/\\">the first</a>.</p><!-- /wp:paragraph -->\\n<!-- wp:image {\\"id\\":$media} --><figure><img src=\\"{$upload['url']}\\" alt=\\"\\"/></figure><!-- /wp:image -->";
  $id = wp_insert_post(['post_title' => "Post $i", 'post_name' => "post-$i", 'post_status' => 'publish', 'post_content' => $content, 'comment_status' => 'open']);
  set_post_thumbnail($id, $media);
  update_post_meta($id, 'lab_json', wp_slash(json_encode(['link' => "$url/post-$i/", 'text' => 'Ünïcode 🧗'])));
  wp_set_post_terms($id, ["tag-" . ($i % 3)], 'post_tag');
  for ($c = 0; $c < 3; $c++) wp_insert_comment(['comment_post_ID' => $id, 'comment_author' => "Reader $c", 'comment_author_email' => "reader$c@lab.example", 'comment_content' => "Comment $c on post $i", 'comment_approved' => 1]);
  $posts[] = $id;
}
$page = wp_insert_post(['post_type' => 'page', 'post_title' => 'About', 'post_name' => 'about', 'post_status' => 'publish', 'post_content' => "About $url"]);
$wp_rewrite->set_permalink_structure('/%postname%/'); flush_rewrite_rules(false);
file_put_contents(wp_upload_dir()['basedir'] . '/price-list.txt', "climbing rope, 60 m\\n");
return ['posts' => $posts, 'page' => $page];
`;

export type ThemeOptions = {
  /** What the theme prints as \`data-code\`, and writes as the option that it prints as \`data-db\`. */
  readonly version: string;
  /** PHP that runs at the head of each page; it may set `$promise`, a sentence that health checks look for. */
  readonly extra?: string;
};

/**
 * Adds a theme \`lab-<version>\` and activates it. Each page carries \`data-code\` (from the theme's file), \`data-db\` (from an option) and, with the
 * plugin, \`data-table\` (from its table), so that a page made of old code and new data is seen.
 */
export async function addTheme(site: Site, theme: ThemeOptions): Promise<void> {
  await writeCode(
    site,
    `wp-content/themes/lab-${theme.version}/style.css`,
    `/*\nTheme Name: Lab ${theme.version}\nVersion: ${theme.version}\n*/\nbody { font-family: sans-serif; }\n`,
  );
  await writeCode(site, `wp-content/themes/lab-${theme.version}/functions.php`, FUNCTIONS);
  await writeCode(site, `wp-content/themes/lab-${theme.version}/index.php`, indexPhp(theme));
  await wp(
    site,
    `switch_theme('lab-' . $input['version']); update_option('lab_version', $input['version']);
     if ($wpdb->get_var("SHOW TABLES LIKE '{$wpdb->prefix}lab_widgets'")) $wpdb->query($wpdb->prepare("UPDATE {$wpdb->prefix}lab_widgets SET name = %s WHERE id = 1", $input['version']));
     return true;`,
    theme,
  );
}

// Visitors of the laboratory share one address and write quickly: the site allows it, as its owner may decide.
const FUNCTIONS = "<?php\nadd_filter( 'wp_is_comment_flood', '__return_false', 99 );\n";

const indexPhp = (theme: ThemeOptions) => `<?php ${theme.extra ?? ""} ?><!doctype html>
<html><head><title><?php bloginfo( 'name' ); ?></title><?php wp_head(); ?></head>
<body data-code="${theme.version}" data-db="<?php echo esc_attr( get_option( 'lab_version' ) ); ?>"<?php do_action( 'lab_marks' ); ?>>
<h1><?php bloginfo( 'name' ); ?></h1>
<?php while ( have_posts() ) : the_post(); ?>
<article id="post-<?php the_ID(); ?>"><h2><?php the_title(); ?></h2><?php the_content(); ?>
<?php if ( is_singular() ) { comments_template(); } ?>
</article>
<?php endwhile; ?>
<p class="promise"><?php echo $promise ?? 'Open all year'; ?></p>
<p class="end">Laboratory, end of page</p>
<?php wp_footer(); ?></body></html>
`;

/** Adds and activates a plugin with a table of its own, \`{prefix}lab_widgets\`, whose first row is the version of the data. */
export async function addPlugin(site: Site, version: string): Promise<void> {
  await writeCode(
    site,
    "wp-content/plugins/lab-widgets/lab-widgets.php",
    `<?php
/* Plugin Name: Lab Widgets
 * Version: ${version} */
add_action( 'lab_marks', function () { global $wpdb; echo ' data-table="' . esc_attr( $wpdb->get_var( "SELECT name FROM {$wpdb->prefix}lab_widgets WHERE id = 1" ) ) . '"'; } );
`,
  );
  await wp(
    site,
    `require_once ABSPATH . 'wp-admin/includes/plugin.php';
     $wpdb->query("CREATE TABLE IF NOT EXISTS {$wpdb->prefix}lab_widgets (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(190) NOT NULL, link text, price decimal(10,2), UNIQUE KEY name (name)) " . $wpdb->get_charset_collate());
     $wpdb->insert("{$wpdb->prefix}lab_widgets", ['id' => 1, 'name' => $input['version'], 'link' => home_url('/widgets/'), 'price' => '9.90']);
     for ($i = 2; $i <= 200; $i++) $wpdb->insert("{$wpdb->prefix}lab_widgets", ['name' => "Widget $i", 'link' => home_url("/widgets/$i/"), 'price' => $i / 10]);
     return activate_plugin('lab-widgets/lab-widgets.php');`,
    { version },
  );
}

/** Writes a file of the code tree that the site runs, as a deployment to this environment would. */
export async function writeCode(site: Site, file: string, text: string): Promise<void> {
  const target = path.join(site.root, "current", file);
  await asOwner(["mkdir", "-p", path.dirname(target)]);
  await writeFile(target, text);
  await execa("chown", [`${OWNER}:${OWNER}`, target]);
}

/** Says which commit the code tree is, as a deployment would. */
export const writeRevision = (site: Site, sha: string) => writeCode(site, "REVISION", `${sha}\n`);

export const setOption = (site: Site, name: string, value: unknown) =>
  wp(site, "return update_option($input['name'], $input['value']);", { name, value });

export const editPost = (site: Site, id: number, content: string) =>
  wp(
    site,
    "return wp_update_post(wp_slash(['ID' => $input['id'], 'post_content' => $input['content']]), true);",
    { id, content },
  );
