<?php
// Creates and fills the plugin's table, whose first row is the version of the data, and activates the plugin.
require_once ABSPATH . 'wp-admin/includes/plugin.php';
$table = $wpdb->prefix . 'lab_widgets';
$wpdb->query("CREATE TABLE IF NOT EXISTS $table (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(190) NOT NULL,
    link text,
    price decimal(10,2),
    UNIQUE KEY name (name)
) " . $wpdb->get_charset_collate());
$wpdb->insert($table, ['id' => 1, 'name' => $input['version'], 'link' => home_url('/widgets/'), 'price' => '9.90']);
for ($i = 2; $i <= 200; $i++) {
    $wpdb->insert($table, ['name' => "Widget $i", 'link' => home_url("/widgets/$i/"), 'price' => $i / 10]);
}
$problem = activate_plugin('lab-widgets/lab-widgets.php');
return is_wp_error($problem) ? $problem->get_error_message() : null;
