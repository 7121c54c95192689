"""What plugins have made of a site beside their tables: events that are planned again and again, roles, modes that both sides must share."""
from __future__ import annotations

import base64
from typing import Dict, List, NamedTuple, Optional

from ..database.mysql import ident, literal
from ..errors import BelayError
from ..host import php

#: WordPress plans these by itself, sooner or later: they say nothing of plugins, and the state of a release must not hang on them.
OF_WORDPRESS = frozenset((
    "delete_expired_transients", "recovery_mode_clean_expired_keys", "wp_delete_temp_updater_backups", "wp_https_detection",
    "wp_privacy_delete_old_export_files", "wp_scheduled_auto_draft_delete", "wp_scheduled_delete", "wp_site_health_scheduled_check",
    "wp_update_plugins", "wp_update_themes", "wp_update_user_counts", "wp_version_check", "wp_update_https_detection_errors",
))
#: Option -> (option by which its plugin is known to be there, what a missing row means).
MODES = {"woocommerce_custom_orders_table_enabled": ("woocommerce_version", "no")}

_PARTS = r"""
$ask = json_decode(stream_get_contents(STDIN), true);
$read = function ($name) use ($ask) {
    $found = @unserialize(base64_decode($ask[$name]), ['allowed_classes' => false]);
    return is_array($found) ? $found : [];
};
$hooks = [];
foreach ($read('cron') as $events) {
    foreach (is_array($events) ? $events : [] as $hook => $times) {
        foreach (is_array($times) ? $times : [] as $one) {
            if (!empty($one['schedule'])) $hooks[(string) $hook] = true;
        }
    }
}
echo json_encode(['cron_hooks' => array_keys($hooks), 'roles' => array_keys($read('roles'))], JSON_INVALID_UTF8_SUBSTITUTE);
"""


class Runtime(NamedTuple):
    """Sorted names. `modes`: option -> value, of plugins that are there."""

    cron_hooks: List[str]
    roles: List[str]
    modes: Dict[str, str]


def runtime_of(site, session, table: Optional[str] = None) -> Runtime:
    """From the options table of a site, or another `table` (whole name) of its shape."""
    roles = site.prefix + "user_roles"
    wanted = ["cron", roles, *MODES, *(known_by for known_by, _ in MODES.values())]
    rows = session.query(
        f"SELECT option_name, option_value FROM {ident(table or site.prefix + 'options')} "
        f"WHERE option_name IN ({', '.join(literal(name) for name in wanted)})"
    )
    found = {name.decode(errors="replace"): value or b"" for name, value in rows}
    question = {name: base64.b64encode(found.get(row, b"")).decode() for name, row in (("cron", "cron"), ("roles", roles))}
    told = php.ask(_PARTS, question)
    modes = {
        option: found.get(option, missing.encode()).decode(errors="replace")
        for option, (known_by, missing) in MODES.items() if known_by in found
    }
    return Runtime(sorted(set(map(str, told["cron_hooks"])) - OF_WORDPRESS), sorted(map(str, told["roles"])), modes)


def check_modes(source: Dict[str, str], target: Dict[str, str]) -> None:
    """Both sides keep what visitors write in the same place: BelayError MODES_DIFFER."""
    for option, there in sorted(source.items()):
        here = target.get(option, there)
        if here != there:
            raise BelayError(
                "MODES_DIFFER",
                f"The two environments keep their orders in different places: {option} is `{there}` in the source and `{here}` in the target.",
                "Set both to the same under WooCommerce > Settings > Advanced > Features (after its own migration), then comment `/plan`.",
            )
