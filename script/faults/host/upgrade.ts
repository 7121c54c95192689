/** A second release: a plugin that upgrades a table when an administrator comes, and a plugin that is newly active. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Site, wp, writeCode } from "../../../test/lab/wordpress.ts";
import type { JobFile } from "./jobs.ts";

const WIDGETS = "wp-content/plugins/lab-widgets/lab-widgets.php";
const COLUMN = "note";
const EVENT = "lab_extra_daily";

/** Nobody visits staging's administration, so its own table stays as it was: the target's is upgraded after the switch. */
const UPGRADER = `
add_action( 'admin_init', function () {
	global $wpdb;
	$table = $wpdb->prefix . 'lab_widgets';
	if ( ! $wpdb->get_var( "SHOW COLUMNS FROM $table LIKE '${COLUMN}'" ) ) {
		$wpdb->query( "ALTER TABLE $table ADD ${COLUMN} text" );
	}
} );
`;
const EXTRA = `<?php
/*
 * Plugin Name: Lab Extra
 * Version: 1
 */
register_activation_hook( __FILE__, function () {
	if ( ! wp_next_scheduled( '${EVENT}' ) ) {
		wp_schedule_event( time() + 86400, 'daily', '${EVENT}' );
	}
} );
`;

/** Makes the source such that the release built of it has something to upgrade and something to activate. */
export async function makeUpgrade(source: Site): Promise<void> {
  const first = await readFile(path.join(source.root, "current", WIDGETS), "utf8");
  await writeCode(source, WIDGETS, first.replace("Version: 1", "Version: 2") + UPGRADER);
  await writeCode(source, "wp-content/plugins/lab-extra/lab-extra.php", EXTRA);
  const said = await wp(
    source,
    `require_once ABSPATH . 'wp-admin/includes/plugin.php';
     $problem = activate_plugin('lab-extra/lab-extra.php');
     return is_wp_error($problem) ? $problem->get_error_message() : null;`,
  );
  if (said !== null) throw new Error(`The plugin was not activated in ${source.name}: ${said}`);
}

/** The promotion's input with a cache in front that is told to forget: the site itself, which takes the question for a page. */
export const withPurge = (job: JobFile, site: Site): JobFile => ({
  ...job,
  purge: [
    {
      kind: "url",
      url: `${site.url}/?purge`,
      method: "POST",
      ...{ headers: {}, secret_headers: {}, body: null, within_s: 20 },
    },
  ],
});

/** Sentences where something of the upgrade is missing on a site that runs the release. */
export async function missingOfUpgrade(site: Site): Promise<readonly string[]> {
  const found = await wp(
    site,
    `return [
       (bool) $wpdb->get_var("SHOW COLUMNS FROM {$wpdb->prefix}lab_widgets LIKE '${COLUMN}'"),
       (bool) wp_next_scheduled('${EVENT}'),
     ];`,
  );
  const [column, event] = Array.isArray(found) ? found : [];
  return [
    ...(column === true ? [] : ["the new release runs on a table that was not upgraded"]),
    ...(event === true ? [] : ["the newly active plugin has not planned its event"]),
  ];
}
