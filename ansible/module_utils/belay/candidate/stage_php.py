"""The PHP that upgrades a site's tables: `stage.php`, once for each stage, on copies (with trial.php) or for real."""

#: In this order. WordPress's own upgrade loads no plugin; plugins upgrade themselves while they start, or when an administrator comes.
STAGES = ("core", "plugins", "admin")

STAGE = r"""<?php
$belay_ask = json_decode(stream_get_contents(STDIN), true);
$belay_reached = false;
register_shutdown_function(function () use ($belay_ask) {
    $last = error_get_last();
    $fatal = $last && in_array($last['type'], [E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR, E_USER_ERROR, E_RECOVERABLE_ERROR], true);
    while (ob_get_level()) ob_end_clean();
    echo "\n", json_encode(['stage' => $belay_ask['stage'], 'reached' => $GLOBALS['belay_reached'], 'fatal' => $fatal ? $last['message'] : null], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
});
if ($belay_ask['trial']) {
    require __DIR__ . '/trial.php';
    Belay_Trial::begin();
} else {
    $_SERVER = array_merge($_SERVER, $belay_ask['server']);
    // As behind the hold: the key salt of the object cache, no mail from a copy. Nothing that is planned begins here.
    define('BELAY_SWITCH', $belay_ask['switch']);
    $belay_quiet = [
        'pre_get_ready_cron_jobs' => '__return_empty_array', 'action_scheduler_allow_async_request_runner' => '__return_false',
        'action_scheduler_queue_runner_concurrent_batches' => '__return_zero',
        'muplugins_loaded' => function () { defined('DISABLE_WP_CRON') || define('DISABLE_WP_CRON', true); },
    ];
    if ($belay_ask['copy']) $belay_quiet['pre_wp_mail'] = '__return_false';
    foreach ($belay_quiet as $belay_hook => $belay_callback) {
        $GLOBALS['wp_filter'][$belay_hook][PHP_INT_MAX][] = ['function' => $belay_callback, 'accepted_args' => 1];
    }
}
define('WP_USE_THEMES', false);
if ($belay_ask['stage'] === 'core') define('WP_INSTALLING', true);
if ($belay_ask['stage'] === 'admin') define('WP_ADMIN', true);
chdir($belay_ask['tree']);
ob_start();
require $belay_ask['tree'] . '/wp-load.php';
if ($belay_ask['stage'] === 'core') {
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_upgrade();
}
if ($belay_ask['stage'] === 'admin') {
    require_once ABSPATH . 'wp-admin/includes/admin.php';
    do_action('admin_init');
}
$belay_reached = true;
exit;
"""
