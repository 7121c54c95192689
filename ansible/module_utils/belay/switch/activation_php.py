"""What PHP is asked about plugins that became active (activation.py)."""

#: Begins like the hold, and like WordPress's own activation: the key salt of the object cache, no mail from a copy, no page about
#: a fatal error. Whatever a hook does (it may end PHP), the last line of the output tells how far it came. What it wrote is told by
#: this process's own connection to the database, so rows of visitors are not among it.
HOOK = r"""
$ask = json_decode(stream_get_contents(STDIN), true);
$belay = ['stage' => 'starting', 'writes' => [], 'last' => null];
if (!defined('BELAY_SWITCH')) define('BELAY_SWITCH', $ask['switch']);
define('WP_SANDBOX_SCRAPING', true);
if ($ask['copy']) $GLOBALS['wp_filter']['pre_wp_mail'][PHP_INT_MAX][] = ['function' => function () { return false; }, 'accepted_args' => 2];
$belay_count = function () use (&$belay) {
    $rows = max(0, (int) ($GLOBALS['wpdb']->rows_affected ?? 0));
    if ($belay['last'] !== null) $belay['writes'][$belay['last']] = ($belay['writes'][$belay['last']] ?? 0) + $rows;
    $belay['last'] = null;
};
register_shutdown_function(function () use (&$belay, $belay_count) {
    // Before WordPress's own functions for the end, which send everything off; the line itself comes after them.
    $said = '';
    while (ob_get_level()) $said = ob_get_clean() . $said;
    register_shutdown_function(function () use (&$belay, $belay_count, $said) {
        $belay_count();
        $error = error_get_last();
        $fatal = $error && ($error['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR));
        $words = $fatal ? $error['message'] : trim(preg_replace('/\s+/', ' ', strip_tags(preg_replace('#<(style|script|title)\b.*?</\1>#is', ' ', $said))));
        echo "\n", json_encode(['stage' => $belay['stage'], 'words' => substr($words, 0, 300), 'writes' => (object) $belay['writes']], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    });
});
$_SERVER = array_merge($_SERVER, $ask['server']);
define('WP_USE_THEMES', false);
if (!defined('DISABLE_WP_CRON')) define('DISABLE_WP_CRON', true);
chdir($ask['tree']);
ob_start();
(function ($file) { require $file; })($ask['tree'] . '/wp-load.php');
require_once ABSPATH . 'wp-admin/includes/admin.php';
$plugin = $ask['plugin'];
if (!in_array($plugin, (array) get_option('active_plugins'), true) || !is_file(WP_PLUGIN_DIR . '/' . $plugin)) {
    $belay['stage'] = 'absent';
    exit;
}
add_filter('query', function ($sql) use (&$belay, $belay_count) {
    $belay_count();
    $verb = '/^\s*(?:INSERT|REPLACE|UPDATE|DELETE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|QUICK)\s+)*(?:INTO\s+|FROM\s+)?`?([0-9A-Za-z_$]+)/i';
    if (preg_match($verb, $sql, $found)) $belay['last'] = $found[1];
    return $sql;
}, PHP_INT_MAX);
$belay['stage'] = 'hook';
do_action('activate_plugin', $plugin, false);
do_action("activate_$plugin", false);
flush_rewrite_rules(false);
$belay['stage'] = 'done';
// Plugins like to send people to a page of theirs from here, and end PHP.
do_action('activated_plugin', $plugin, false);
"""
#: Which plugins stand in one serialised list (`now`, base64) and not in the other (`before`).
PLUGINS = r"""
$ask = json_decode(stream_get_contents(STDIN), true);
$read = function ($value) { $found = @unserialize(base64_decode($value), ['allowed_classes' => false]); return is_array($found) ? array_values(array_filter($found, 'is_string')) : []; };
echo json_encode(['plugins' => array_values(array_diff($read($ask['now']), $read($ask['before'])))], JSON_INVALID_UTF8_SUBSTITUTE);
"""
