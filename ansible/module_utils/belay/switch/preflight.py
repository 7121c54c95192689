"""What must hold on the target before anything of it is touched. Each check raises BelayError or returns None."""
import json
import os
import re

from ..database import names
from ..bundle.unpack import value_at
from ..hold import prepare, probe
from ..errors import BelayError
from ..hold.hold import VERSION
from ..database.mysql import SqlError, ident
from ..text import raw

OLDEST = (10, 6, 1)
SHOWN = 10
NEW_PLAN = "Make a new plan: comment `/plan`."


def check_server(session):
    """RENAME TABLE is whole or not at all, also through a crash, since MariaDB 10.6.1."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)-MariaDB", session.server_version)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        raise BelayError(
            "SERVER_TOO_OLD",
            f"The target's database server is {session.server_version}; the switch needs MariaDB 10.6.1 or newer.",
            "Upgrade the database server of the target.",
        )


def check_rights(site, session):
    """Tries what the switch will do, with empty tables of reserved names."""
    first, second = names.shadow(site, "belay_probe"), names.base(site, "belay_probe")
    try:
        for table in (first, second):
            session.execute(f"DROP TABLE IF EXISTS {ident(table)}")
        session.execute(f"CREATE TABLE {ident(first)} (id INT PRIMARY KEY) ENGINE=InnoDB")
        session.execute(f"ALTER TABLE {ident(first)} AUTO_INCREMENT = 2")
        session.execute(f"INSERT INTO {ident(first)} VALUES (1)")
        session.execute(f"RENAME TABLE {ident(first)} TO {ident(second)}")
        session.execute(f"DROP TABLE {ident(second)}")
    except SqlError as error:
        raise BelayError(
            "RIGHTS_MISSING",
            f"The database user of {site.url} may not do what a switch needs: {error}.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX ON `{site.database}`.* TO the user of wp-config.php;",
        ) from error


def check_classes(rules, tables, options, prefix):
    """The last line of defence: protected tables and option rows are refused, whatever the plan says."""
    refused = [table for table in tables if rules.table(table).name != "config" or table == "options"]
    if refused:
        raise BelayError("TABLE_PROTECTED", f"The plan wants to replace tables that are not promotable: {', '.join(refused)}.", NEW_PLAN)
    refused = [name for name in options if rules.option(name, prefix) not in ("config", "unclassified")]
    if refused:
        raise BelayError("OPTION_PROTECTED", f"The plan wants to replace option rows that stay the target's: {', '.join(refused)}.", NEW_PLAN)


def check_release(point, expected):
    if point.version.release != expected:
        raise BelayError(
            "RELEASE_CHANGED",
            f"The target is on release {point.version.release}, and the plan was made for {expected}.",
            NEW_PLAN,
        )


def check_new(point, release):
    """A release over itself would be a switch that cannot be told from the one before, and that nothing leads back from."""
    if point.version.release == release:
        raise BelayError("ALREADY_ACTIVE", f"The target runs release {release} already; there is nothing to promote.", "`/status` shows what is active.")


def check_code(site, release, edits, code):
    """`edits` as in Fingerprint.code_edits; `code` is that of the manifest which comes: what it holds alike is not undone by it."""
    tree = os.path.join(site.releases, release)
    lost = [edit for edit in edits if not _held(tree, edit["path"], code)]
    if lost:
        shown = [f"{edit['path']} ({edit['change']})" for edit in lost[:SHOWN]]
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        raise BelayError(
            "CODE_EDITED",
            f"The code of {site.url} is not what release {release} brought: {', '.join(shown)}{more}. A promotion would undo these edits.",
            "Bring the same files to the source's code and deploy it there, or undo the edits on the target; then comment `/plan`.",
        )


def _held(tree, path, code):
    name = os.fsdecode(raw(path))
    return value_at(os.path.join(tree, name)) == code.get(name)


def check_migration(wanted, found):
    """`wanted`: database versions of WordPress that the release was built on, or that its code brings a database to.

    A newer one is tried on copies before the switch (candidate/migrations.py); the other direction WordPress does not know.
    """
    older = sorted(version for version in set(wanted) - {found, None} if not _newer(version, found))
    if older:
        raise BelayError(
            "MIGRATION_NEEDED",
            f"The release is made for database version {' and '.join(older)} of WordPress, and the target has {found}: WordPress does not bring a database back.",
            "Update WordPress in the source, and its database too (wp-admin asks for it, or `wp core update-db`), then comment `/promote`.",
        )


def _newer(version, found):
    return version.isdigit() and str(found).isdigit() and int(version) > int(found)


def check_hold(site, hold, version, probe_url=None):
    """The hold is installed with today's credentials, and the web server's PHP runs it."""
    secret = prepare.read_probe(hold)
    if secret is None or not all(os.path.exists(path) for path in (hold.script, hold.turnstile, hold.room)):
        raise _not_held("HOLD_MISSING", f"The hold is not installed below {site.root}.")
    with open(hold.config, "rb") as file:
        if file.read() != prepare.config_text(site, secret):
            raise _not_held("HOLD_OUTDATED", "The hold has other database credentials than wp-config.php.")
    answer = probe.ask(probe_url or site.url, secret)
    wanted = {"version": VERSION, "state": str(version), "room": os.stat(hold.room).st_ino}
    if any(answer.get(name) != value for name, value in wanted.items()):
        raise _not_held("HOLD_INACTIVE", f"PHP requests of {site.url} do not go through the hold (answer: {json.dumps(answer)[:200]}).")


def warm(site, hold, release, probe_url=None):
    """Let the pool compile a release that is not active yet. How many scripts it compiled; a pool that cannot is no reason to stop."""
    answer = probe.ask(probe_url or site.url, prepare.read_probe(hold) or "", {"X-Belay-Warm": release})
    return answer.get("warmed") or 0


def _not_held(code, sentence):
    return BelayError(
        code,
        sentence,
        "Set php_admin_value[auto_prepend_file] = <root>/.belay/hold/hold.php in the site's PHP pool, and run host-prepare.yml.",
    )
