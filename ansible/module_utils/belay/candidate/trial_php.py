"""The PHP that runs a release on a scratch view: `trial.php` (what the release may do), `router.php`.

`database.php`, `stage.php`, `asked.php` and `without.php` have files of their own here.

They are written into a folder of their own beside `trial.json`. WordPress takes over what stands in $wp_filter before it starts.
"""

TRIAL = r"""<?php
final class Belay_Trial
{
    public static $c;
    private static $changes = '/^(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|TRUNCATE|RENAME)$/';
    private static $reads = '/^(SELECT|SHOW|DESC|DESCRIBE|EXPLAIN|SET|START|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|WITH)$/';

    public static function begin(): void
    {
        self::$c = json_decode(file_get_contents(__DIR__ . '/trial.json'), true);
        $_SERVER = array_merge($_SERVER, self::$c['server']);
        // hold.php defines it for wp-config.php, which may build a key salt of it.
        define('BELAY_SWITCH', 'candidate');
        $hooks = [
            'enable_wp_debug_mode_checks' => 'take_over', 'enable_loading_object_cache_dropin' => 'no',
            'enable_loading_advanced_cache_dropin' => 'no', 'pre_http_request' => 'no_request', 'pre_wp_mail' => 'no',
            'phpmailer_init' => 'no_recipients', 'pre_get_ready_cron_jobs' => 'none', 'muplugins_loaded' => 'no_spawn',
            'action_scheduler_allow_async_request_runner' => 'no', 'action_scheduler_queue_runner_concurrent_batches' => 'no',
            'automatic_updater_disabled' => 'yes', 'after_setup_theme' => 'tell',
        ];
        if (!self::$c['enforced']) {
            $hooks['upload_dir'] = 'scratch_uploads';
        }
        foreach ($hooks as $hook => $callback) {
            $priority = $callback === 'no_spawn' ? PHP_INT_MIN : PHP_INT_MAX;
            $GLOBALS['wp_filter'][$hook][$priority][] = ['function' => [self::class, $callback], 'accepted_args' => 1];
        }
        // A password that belongs to nobody, for whoever looks it up: this constant comes first.
        define('DB_PASSWORD', '');
        set_error_handler(fn($level, $text) => strpos($text, 'Constant DB_PASSWORD already defined') === 0, E_WARNING | E_NOTICE);
    }

    private static function drop_in(): bool
    {
        return is_file(WP_CONTENT_DIR . '/db.php');
    }

    /** Called after wp-config.php and before WordPress connects: its prefix gives way to the scratch view's. */
    public static function take_over(): bool
    {
        restore_error_handler();
        $folder = ABSPATH . WPINC;
        require_once is_file("$folder/class-wpdb.php") ? "$folder/class-wpdb.php" : "$folder/wp-db.php";
        require_once __DIR__ . '/database.php';
        $GLOBALS['wpdb'] = new Belay_Trial_Database();
        if (self::drop_in()) {
            require_once __DIR__ . '/without.php';
            Belay_Without::begin(WP_CONTENT_DIR . '/db.php');
        }
        $GLOBALS['table_prefix'] = self::$c['scratch'];
        // Without WordPress's own settings for errors: its log would be the site's, where nobody looks for what a candidate said.
        return false;
    }

    /** Every connection as soon as it is open. */
    public static function bind($connection): bool
    {
        if (self::$c['read_only']) {
            return mysqli_query($connection, 'SET SESSION TRANSACTION READ ONLY');
        }
        return mysqli_query($connection, 'SET SESSION lock_wait_timeout = 5');
    }

    /** Whether a statement may not even be sent. The server refuses what changes something; this refuses what would change its mind. */
    public static function refuses(string $query): bool
    {
        $plain = preg_replace('~\'(?:[^\'\\\\]|\\\\.)*+\'|"(?:[^"\\\\]|\\\\.)*+"|/\*(?!!|M!).*?\*/|(?:--\s|\#)[^\n]*~s', ' ', $query);
        if ($plain === null || strpos($plain, '/*') !== false) {
            return self::refused('a statement that cannot be read');
        }
        preg_match('/^[\s(]*(\w+)/', $plain, $first);
        $verb = strtoupper($first[1] ?? '');
        if (preg_match('/^[\s(]*(SET\b.*\b(transaction|\w*read_only)|START\b.*\bWRITE\b)/is', $plain)) {
            return self::refused($verb);
        }
        if (preg_match(self::$reads, $verb)) {
            return false;
        }
        if (!preg_match(self::$changes, $verb)) {
            return self::refused($verb);
        }
        return !self::$c['read_only'] && self::leaves($plain, $verb);
    }

    /** Whether a change would reach a table that is no copy. */
    private static function leaves(string $plain, string $verb): bool
    {
        preg_match_all('/[\w$]+/', $plain, $words);
        $live = array_intersect($words[0], self::$c['live']);
        if ($live) {
            return self::refused("$verb of " . reset($live));
        }
        if (preg_match('/^\s*(CREATE|DROP)\s+TEMPORARY\b/i', $plain)) {
            return false;
        }
        $copies = preg_grep('/^' . preg_quote(self::$c['scratch'], '/') . '/', $words[0]);
        return !$copies && self::refused("$verb of " . ($words[0][2] ?? '?'));
    }

    private static function refused(string $what): bool
    {
        @file_put_contents(self::$c['folder'] . '/refused', "$what\n", FILE_APPEND);
        return true;
    }

    public static function no() { return false; }
    public static function yes() { return true; }
    public static function none() { return []; }

    public static function no_request() { return new WP_Error('http_request_not_executed', 'A candidate asks nobody.'); }

    public static function no_recipients($mailer): void
    {
        if (is_object($mailer) && method_exists($mailer, 'clearAllRecipients')) {
            $mailer->clearAllRecipients();
        }
    }

    public static function no_spawn(): void
    {
        if (!defined('DISABLE_WP_CRON')) {
            define('DISABLE_WP_CRON', true);
        }
    }

    public static function scratch_uploads($dir)
    {
        $folder = self::$c['folder'] . '/uploads';
        return ['basedir' => $folder, 'path' => $folder . ($dir['subdir'] ?? '')] + $dir;
    }

    /** What the candidate is, to whoever asks by the header: is its theme whole, can its connection only read? */
    public static function tell(): void
    {
        if (($_SERVER['HTTP_X_BELAY_ASK'] ?? '') !== 'about') {
            return;
        }
        global $wpdb;
        $theme = wp_get_theme();
        $errors = $theme->errors();
        $plugins = array_filter((array) get_option('active_plugins'), fn($one) => !is_file(WP_PLUGIN_DIR . '/' . $one));
        $read_only = $wpdb->get_var("SHOW SESSION VARIABLES WHERE variable_name IN ('tx_read_only', 'transaction_read_only')", 1);
        while (ob_get_level()) ob_end_clean();
        header('Content-Type: application/json');
        exit(json_encode([
            'theme' => $theme->get_stylesheet(), 'theme_errors' => $errors ? $errors->get_error_messages() : [],
            'missing_plugins' => array_values($plugins), 'prefix' => $wpdb->prefix, 'read_only' => $read_only === 'ON', 'php' => PHP_VERSION, 'drop_in' => self::drop_in(),
        ]));
    }

    public static function admits(): bool
    {
        $told = (string) ($_SERVER['HTTP_X_BELAY_TRIAL'] ?? '');
        unset($_SERVER['HTTP_X_BELAY_TRIAL']);
        return hash_equals(json_decode(file_get_contents(__DIR__ . '/trial.json'), true)['secret'], $told);
    }

    /** The script that the web server would have chosen: try_files $uri, $uri/, /index.php. */
    public static function script(): string
    {
        $tree = self::$c['tree'];
        $path = rawurldecode((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
        $base = self::$c['base'];
        $path = $base !== '' && strpos($path, $base) === 0 ? substr($path, strlen($base)) : $path;
        $path = strpos($path, "\0") === false && !preg_match('#(^|/)\.\.(/|$)#', $path) ? $path : '/';
        if (is_dir($tree . $path)) {
            $path = rtrim($path, '/') . '/index.php';
        }
        if (substr($path, -4) !== '.php' || !is_file($tree . $path)) {
            $path = '/index.php';
        }
        unset($_SERVER['PATH_INFO'], $_SERVER['ORIG_PATH_INFO']);
        $script = ['SCRIPT_NAME' => $base . $path, 'PHP_SELF' => $base . $path, 'SCRIPT_FILENAME' => $tree . $path, 'DOCUMENT_ROOT' => $tree];
        $_SERVER = array_merge($_SERVER, $script);
        chdir(dirname($tree . $path));
        return $tree . $path;
    }
}

// PHP 8 lets a function that disable_functions took away be declared again: its callers go on, and nothing leaves.
foreach (explode(',', PHP_VERSION_ID >= 80000 ? ini_get('disable_functions') : '') as $belay_name) {
    $belay_extension = ['curl' => 'curl', 'socket' => 'sockets', 'mb' => 'mbstring'][strtok($belay_name, '_')] ?? 'standard';
    if ($belay_name === '' || function_exists($belay_name) || !extension_loaded($belay_extension) || preg_match('/^(pcntl|posix)_/', $belay_name)) {
        continue;
    }
    $belay_does = [
        'curl_multi_exec' => '($multi, &$still_running) { $still_running = 0; return 0; }',
        // Makes a file where files may be made; times of others stay.
        'touch' => "(\$file) { return @file_put_contents(\$file, '', FILE_APPEND) !== false; }",
    ];
    eval("function $belay_name" . ($belay_does[$belay_name] ?? '(...$arguments) { return false; }'));
}
unset($belay_name, $belay_extension, $belay_does);
"""

#: Of PHP's own web server, for every request.
ROUTER = r"""<?php
require __DIR__ . '/trial.php';
if (!Belay_Trial::admits()) {
    http_response_code(403);
    exit;
}
Belay_Trial::begin();
require Belay_Trial::script();
"""
