/** PHP inside the booted WordPress of a site, as its owner: what WP-CLI would do where it is to be had. */
import { readFile } from "node:fs/promises";
import { asOwner, type Site } from "./site.ts";

const ANSWER = "\n--answer--\n";

/**
 * Runs PHP in a site, without the hold: it is no visitor.
 * @param code sees the decoded `input` as `$input`; what it returns comes back decoded
 * @param boot PHP that loads WordPress, for those who must say something before
 */
export async function wp(
  site: Site,
  code: string,
  input: unknown = null,
  boot = "require 'wp-load.php';",
): Promise<unknown> {
  const url = new URL(site.url);
  const server = {
    HTTP_HOST: url.host,
    SERVER_NAME: url.hostname,
    SERVER_PORT: url.port,
    SERVER_PROTOCOL: "HTTP/1.1",
    REQUEST_METHOD: "GET",
    REQUEST_URI: "/",
    REMOTE_ADDR: "127.0.0.1",
  };
  const program = `<?php
$input = ${phpValue(input)};
$_SERVER = array_merge($_SERVER, ${phpValue(server)});
chdir(realpath('${site.root}/current'));
set_include_path(getcwd());
${boot}
$answer = (function () use ($input) { global $wpdb, $wp_rewrite; ${code} })();
echo ${phpValue(ANSWER)}, json_encode($answer);
`;
  const { stdout, stderr } = await asOwner(
    ["php", "-d", "auto_prepend_file=", "-d", "display_errors=stderr"],
    program,
  );
  const [, answer] = stdout.split(ANSWER);
  if (answer === undefined) throw new Error(`PHP in ${site.name} ended early:\n${stderr}\n${stdout}`);
  return JSON.parse(answer);
}

/** A file of PHP beside this one, for \`wp\`: sent as text, because the sites' owner may not be able to read this folder. */
export async function phpFile(name: string): Promise<string> {
  const text = await readFile(new URL(`content/${name}`, import.meta.url), "utf8");
  return text.replace(/^<\?php\n/, "");
}

/** A PHP expression with this value; in base64, so that nothing in it can be taken for PHP. */
const phpValue = (value: unknown) =>
  `json_decode(base64_decode('${Buffer.from(JSON.stringify(value)).toString("base64")}'), true)`;
