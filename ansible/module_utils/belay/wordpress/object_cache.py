"""A persistent object cache would go on answering with rows from before the switch."""
import os
import subprocess

from ..errors import BelayError

#: hold.php defines this constant, new with every switch; a key salt made of it needs no flush.
SALT = b"BELAY_SWITCH"
DROP_IN = os.path.join("wp-content", "object-cache.php")
FLUSH_S = 3
# WordPress's own short start loads the drop-in and no plugin.
FLUSH = "define('SHORTINIT', true); require $argv[1]; exit(function_exists('wp_cache_flush') && wp_cache_flush() ? 0 : 1);"


def needs_flush(site, held=True):
    """Whether the active release has a persistent object cache whose keys do not change with every switch. Where PHP does not
    run the hold (`held`), nothing defines the constant."""
    if not os.path.exists(os.path.join(site.current, DROP_IN)):
        return False
    with open(os.path.join(site.shared, "wp-config.php"), "rb") as config:
        return not held or SALT not in config.read()


def flush(site):
    """Empty the object cache through the active release; raises BelayError OBJECT_CACHE."""
    # Without the hold: this process may be the one that has closed it.
    command = ["php", "-d", "auto_prepend_file=", "-r", FLUSH, os.path.join(site.current, "wp-load.php")]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=FLUSH_S)
        said = done.stdout.decode(errors="replace").strip()[-300:]
        failed = done.returncode != 0
    except subprocess.TimeoutExpired:
        failed, said = True, f"no answer within {FLUSH_S} s"
    if failed:
        raise BelayError(
            "OBJECT_CACHE",
            f"The object cache of {site.url} could not be flushed: {said}.",
            "Make the cache reachable, or build WP_CACHE_KEY_SALT in wp-config.php from the constant BELAY_SWITCH.",
        )
