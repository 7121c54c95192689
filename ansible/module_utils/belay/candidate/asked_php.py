"""The PHP that asks plugins whether their rows wait for an update of their own: `asked.php`, in a trial."""

ASKED = r"""<?php
final class Belay_Asked
{
    public static $updates = [];
    public static $reached = false;
    private static $name = '/^\\\\?[A-Za-z_]\w*(?:\\\\\w+)*(?:::\w+)?$/';

    public static function all(array $known): void
    {
        foreach (array_merge($known, self::alike(array_column($known, 'waits'))) as $one) {
            $found = self::one($one);
            if ($found !== null) {
                self::$updates[] = $found;
            }
        }
    }

    /** Classes that tell by the name that WooCommerce has given to the question, in plugins that nobody has described. */
    private static function alike(array $known): array
    {
        $found = [];
        foreach (get_declared_classes() as $class) {
            if (!method_exists($class, 'needs_db_update') || in_array("$class::needs_db_update", $known, true)) {
                continue;
            }
            $method = new ReflectionMethod($class, 'needs_db_update');
            if ($method->isStatic() && $method->isPublic() && !$method->isAbstract() && !$method->getNumberOfRequiredParameters() && $method->class === $class) {
                $found[] = ['plugin' => self::plugin((string) $method->getFileName(), $class), 'waits' => "$class::needs_db_update", 'version' => null, 'steps' => null];
            }
        }
        return $found;
    }

    private static function plugin(string $file, string $class): string
    {
        $folder = (string) realpath(WP_PLUGIN_DIR) . '/';
        return strpos($file, $folder) === 0 ? explode('/', substr($file, strlen($folder)))[0] : $class;
    }

    private static function one(array $one): ?array
    {
        if (!preg_match(self::$name, $one['waits']) || !is_callable($one['waits'])) {
            return null;
        }
        $told = ['plugin' => $one['plugin'], 'waits' => $one['waits'], 'version' => null, 'steps' => [], 'error' => null];
        try {
            if (!call_user_func($one['waits'])) {
                return null;
            }
            $version = empty($one['version']) ? null : get_option($one['version'], null);
            $told['version'] = is_scalar($version) ? (string) $version : null;
            $told['steps'] = self::steps((string) ($one['steps'] ?? ''), $told['version']);
        } catch (Throwable $error) {
            $told['error'] = $error->getMessage();
        }
        return $told;
    }

    private static function steps(string $name, ?string $version): array
    {
        $steps = $version !== null && preg_match(self::$name, $name) && is_callable($name) ? call_user_func($name) : [];
        $later = array_filter(array_map('strval', array_keys(is_array($steps) ? $steps : [])), fn($one) => version_compare($version, $one, '<'));
        usort($later, 'version_compare');
        return $later;
    }
}
$belay_ask = json_decode(stream_get_contents(STDIN), true);
register_shutdown_function(function () {
    $last = error_get_last();
    $fatal = $last && in_array($last['type'], [E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR, E_USER_ERROR, E_RECOVERABLE_ERROR], true);
    while (ob_get_level()) ob_end_clean();
    $words = $fatal ? $last['message'] : (Belay_Asked::$reached ? null : 'something ended PHP before it could be asked');
    echo "\n", json_encode(['fatal' => $words, 'updates' => Belay_Asked::$updates], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
});
require __DIR__ . '/trial.php';
Belay_Trial::begin();
define('WP_USE_THEMES', false);
chdir($belay_ask['tree']);
ob_start();
require $belay_ask['tree'] . '/wp-load.php';
Belay_Asked::all($belay_ask['updates']);
Belay_Asked::$reached = true;
exit;
"""
