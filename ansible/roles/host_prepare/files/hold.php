<?php
/**
 * The hold. PHP runs this file before every script of the site's pool (auto_prepend_file), so that no request crosses
 * a switch of releases halfway: it waits while a switch is being made, keeps the switch waiting while it runs, and
 * continues in the release that is active now.
 *
 * Beside it lie `turnstile` and `room` (lock files), `state` (a symbolic link whose text is `<release>@<operation>`,
 * or `in-doubt:<old>:<new>` while a switch is undecided) and `config.php` (read only in doubt and by the probe). A file
 * `copy` says that this environment is a copy of another one: then no mail leaves it, and no job begins by itself.
 *
 * Fails open, with one exception. Without its lock files or its `state` the site is served as if there were no hold:
 * a site that answers is worth more than one guarded against a switch that cannot come, because every switch first
 * proves by the probe below that this pool takes both locks. In doubt there is no safe guess: 503.
 */
// Here a second time, and run by PHP itself: seen once among the first requests after this file was replaced, when several workers compiled
// it at one moment (PHP 8.2 with opcache). The script that was asked for runs from here then; otherwise its visitor would get an empty page.
if (class_exists('Belay_Hold', false)) {
    if (!debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, 1)) {
        require Belay_Hold::asked();
    }
    return;
}
// Declared when it is reached, not when the file is loaded: PHP's cache would declare it a second time, which is a fatal error.
if (!class_exists('Belay_Hold', false)) {
final class Belay_Hold
{
    const VERSION = 1;
    const DOUBT = 'in-doubt:';
    /** Whoever began to count and died is forgotten after so many seconds. */
    const COUNTS_S = 30;

    /** Holds its shared lock until PHP frees it at the very end of the request, after shutdown functions and output. */
    private static $room = null;
    private static $script = '';

    /** True when the request has to go on in another script than the one PHP was started for. */
    public static function redirects(): bool
    {
        if (is_file(__DIR__ . '/copy')) {
            self::quiet();
        }
        self::count();
        self::enter();
        $state = @readlink(__DIR__ . '/state');
        if ($state !== false && strncmp($state, self::DOUBT, strlen(self::DOUBT)) === 0) {
            $state = self::ask();
        }
        if (isset($_SERVER['HTTP_X_BELAY_PROBE'])) {
            self::probe($state);
        }
        $at = $state === false ? false : strpos($state, '@');
        if ($at === false) {
            return false;
        }
        // For wp-config.php: a key salt of the object cache that is new with every switch.
        define('BELAY_SWITCH', $state);
        return self::continues_in(dirname(__DIR__, 2), substr($state, 0, $at));
    }

    public static function script(): string
    {
        return self::$script;
    }

    /** The script that PHP was started for, when PHP runs this file in its place. */
    public static function asked(): string
    {
        $asked = self::asked_for();
        if ($asked === '' || !is_file($asked) || realpath($asked) === __FILE__) {
            self::unavailable('PHP has lost the script that was asked for');
        }
        error_log("Belay: PHP's cache took the hold for $asked, which runs now all the same.");
        return $asked;
    }

    /** Mode `e` closes the files on exec: a program left running in the background must not keep the room. */
    private static function enter(): void
    {
        $turnstile = @fopen(__DIR__ . '/turnstile', 're');
        $room = @fopen(__DIR__ . '/room', 're');
        if ($turnstile === false || $room === false) {
            return;
        }
        flock($turnstile, LOCK_SH);
        flock($room, LOCK_SH);
        fclose($turnstile);
        self::$room = $room;
    }

    /** readlink and comparison of names only: PHP's cache of resolved paths may still know the release before. */
    private static function continues_in(string $root, string $release): bool
    {
        $home = "$root/releases/$release";
        $from = self::asked_for();
        if ($from === '' || strncmp($from, "$home/", strlen($home) + 1) === 0) {
            return false;
        }
        $within = '#^' . preg_quote($root, '#') . '/(?:releases/[^/]+|current)(?=/)#';
        if (!preg_match($within, $from, $left) && !preg_match($within, $from = (string) realpath($from), $left)) {
            return false;
        }
        if (strncmp($from, "$home/", strlen($home) + 1) === 0) {
            return false;
        }
        $relative = substr($from, strlen($left[0]));
        $found = is_file($home . $relative) ? $relative : '/index.php';
        if (!is_file($home . $found)) {
            self::unavailable("release $release is not in place");
        }
        self::move($relative, $left[0], $home, $found);
        return true;
    }

    private static function asked_for(): string
    {
        $script = (string) ($_SERVER['SCRIPT_FILENAME'] ?? '');
        if ($script === '' || $script[0] === '/') {
            return $script;
        }
        return is_file($script) ? getcwd() . '/' . preg_replace('#^(\./)+#', '', $script) : '';
    }

    /** Makes the request look as if the web server had asked for $home$found from the start. */
    private static function move(string $relative, string $left, string $home, string $found): void
    {
        $old = (string) $_SERVER['SCRIPT_FILENAME'];
        self::$script = $home . $found;
        foreach (['SCRIPT_NAME', 'PHP_SELF', 'PATH_TRANSLATED'] as $name) {
            if (($_SERVER[$name] ?? null) === $old) {
                $_SERVER[$name] = self::$script;
            } elseif (isset($_SERVER[$name]) && $found !== $relative) {
                $_SERVER[$name] = str_replace($relative, $found, $_SERVER[$name]);
            }
        }
        $_SERVER['SCRIPT_FILENAME'] = self::$script;
        if (isset($_SERVER['DOCUMENT_ROOT'])) {
            $_SERVER['DOCUMENT_ROOT'] = preg_replace('#^' . preg_quote($left, '#') . '(?=/|$)#', $home, $_SERVER['DOCUMENT_ROOT']);
        }
        if (PHP_SAPI !== 'cli') {
            chdir(dirname(self::$script));
        }
    }

    /** The database decides: its table of one row was renamed together with the site's tables. */
    private static function ask(): string
    {
        $config = @include __DIR__ . '/config.php';
        if (!is_array($config)) {
            return self::unavailable('a release is being switched');
        }
        try {
            $database = mysqli_init();
            $database->options(MYSQLI_OPT_CONNECT_TIMEOUT, $config['wait_s']);
            $ok = @$database->real_connect($config['host'], $config['user'], $config['password'], $config['database'], $config['port'], $config['socket'], $config['flags']);
            // A switch whose client has died may still be at work in the server: it keeps this lock until it is done.
            $lock = $ok ? $database->query(sprintf("SELECT GET_LOCK('%s', %d)", $config['lock'], $config['wait_s'])) : false;
            $held = $lock && $lock->fetch_row()[0] === '1';
            $rows = $held ? $database->query("SELECT CONCAT(`release`, '@', operation) FROM `{$config['table']}`") : false;
            $row = $rows ? $rows->fetch_row() : null;
            $database->close();
        } catch (\Throwable $error) {
            $row = null;
        }
        return $row ? $row[0] : self::unavailable('a release is being switched');
    }

    /**
     * Answers Belay's own question, whether this pool runs the hold, takes its locks and sees the right state. Asked to
     * (X-Belay-Warm: a release), it first compiles that release's twins of the scripts that are in use.
     */
    private static function probe($state): void
    {
        $config = @include __DIR__ . '/config.php';
        if (!is_array($config) || !hash_equals($config['probe'], (string) $_SERVER['HTTP_X_BELAY_PROBE'])) {
            return;
        }
        header('Content-Type: application/json');
        header('Cache-Control: no-store');
        $room = self::$room ? fstat(self::$room) : null;
        $warmed = self::warm((string) ($_SERVER['HTTP_X_BELAY_WARM'] ?? ''));
        exit(json_encode(['version' => self::VERSION, 'state' => $state, 'room' => $room ? $room['ino'] : null, 'php' => PHP_VERSION, 'log' => ini_get('error_log'), 'warmed' => $warmed, 'sockets' => self::sockets()]));
    }

    /** Inodes of this worker's sockets: the host knows which one listens, and how long its queue is. fpm_get_status() would crash workers. */
    private static function sockets(): array
    {
        $sockets = [];
        foreach ((array) @scandir('/proc/self/fd') as $handle) {
            if (preg_match('/^socket:\[(\d+)\]$/', (string) @readlink("/proc/self/fd/$handle"), $found)) {
                $sockets[] = (int) $found[1];
            }
        }
        return $sockets;
    }

    /** While a preflight looks, which says so by a fresh file, each request leaves a mark; its size tells how many arrive. */
    private static function count(): void
    {
        $since = @filemtime(__DIR__ . '/counting');
        if ($since !== false && abs(time() - $since) < self::COUNTS_S) {
            @file_put_contents(__DIR__ . '/counted', '.', FILE_APPEND);
        }
    }

    /** Otherwise the first visitors after a switch wait until every worker has compiled all of WordPress. Runs no script. */
    private static function warm(string $release): int
    {
        if (!preg_match('/^[0-9a-f]{12}$/', $release) || !function_exists('opcache_get_status')) {
            return 0;
        }
        $releases = dirname(__DIR__, 2) . '/releases';
        $warmed = 0;
        $until = time() + 10;
        // What is compiled is declared as well. Two scripts of one site that declare the same thing are no error of the site's: not a word in
        // its log, and the answer is one all the same.
        $said = error_reporting(0);
        foreach ((@opcache_get_status(true))['scripts'] ?? [] as $script => $_) {
            $twin = preg_replace('#^' . preg_quote($releases, '#') . '/[0-9a-f]{12}/#', "$releases/$release/", $script, 1, $inside);
            if ($inside && !opcache_is_script_cached($twin) && is_file($twin) && time() < $until) {
                $warmed += (int) opcache_compile_file($twin);
            }
        }
        error_reporting($said);
        header(($_SERVER['SERVER_PROTOCOL'] ?? 'HTTP/1.1') . ' 200 OK', true, 200);
        return $warmed;
    }

    /**
     * WordPress takes over what stands in $wp_filter before it starts. All callbacks decide when they are called, after
     * wp-config.php: there BELAY_COPY_MAIL or BELAY_COPY_JOBS, defined as true, let this copy do what the original does.
     */
    private static function quiet(): void
    {
        $hooks = [
            'muplugins_loaded' => ['no_spawn', PHP_INT_MIN],
            'pre_wp_mail' => ['no_mail', PHP_INT_MAX],
            'phpmailer_init' => ['no_recipients', PHP_INT_MAX],
            'pre_get_ready_cron_jobs' => ['no_events', PHP_INT_MAX],
            'action_scheduler_allow_async_request_runner' => ['no_runner', PHP_INT_MAX],
            'action_scheduler_queue_runner_concurrent_batches' => ['no_batches', PHP_INT_MAX],
        ];
        foreach ($hooks as $hook => [$callback, $priority]) {
            $GLOBALS['wp_filter'][$hook][$priority][] = ['function' => [self::class, $callback], 'accepted_args' => 2];
        }
    }

    public static function no_spawn(): void
    {
        if (!self::may('JOBS') && !defined('DISABLE_WP_CRON')) {
            define('DISABLE_WP_CRON', true);
        }
    }

    /** wp_mail() returns false, so that whoever sends can tell; the log says why. */
    public static function no_mail($sent, $mail = [])
    {
        if (self::may('MAIL')) {
            return $sent;
        }
        error_log('Belay: this site is a copy, mail does not leave it (BELAY_COPY_MAIL in wp-config.php allows it).');
        return false;
    }

    /** For plugins that bring a wp_mail() of their own, without the filter above: nobody to send to is an error of PHPMailer's. */
    public static function no_recipients($mailer): void
    {
        if (!self::may('MAIL') && is_object($mailer) && method_exists($mailer, 'clearAllRecipients')) {
            $mailer->clearAllRecipients();
        }
    }

    /** For wp_cron() and for wp-cron.php alike. */
    public static function no_events($events)
    {
        return self::may('JOBS') ? $events : [];
    }

    public static function no_runner($allowed)
    {
        return self::may('JOBS') ? $allowed : false;
    }

    public static function no_batches($batches)
    {
        return self::may('JOBS') ? $batches : 0;
    }

    private static function may(string $what): bool
    {
        return defined("BELAY_COPY_$what") && constant("BELAY_COPY_$what") === true;
    }

    private static function unavailable(string $why): string
    {
        if (PHP_SAPI === 'cli') {
            fwrite(STDERR, "Try again: $why.\n");
            exit(75);
        }
        http_response_code(503);
        header('Retry-After: 2');
        header('Cache-Control: no-store');
        header('Content-Type: text/plain; charset=utf-8');
        exit("This site is busy for a moment ($why). Please try again.\n");
    }
}
}

// The script has to run in the global scope, as it would have without the hold.
if (Belay_Hold::redirects()) {
    require Belay_Hold::script();
    exit;
}
