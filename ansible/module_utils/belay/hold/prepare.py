"""What an environment needs on its host before Belay may switch it; everything here may be done again at any time."""
import os
import secrets

from ..database import names
from . import commit_point
from ..errors import BelayError
from .hold import Hold, Version
from ..host.links import replace_link, sync_folder
from .recovery import lock_name
from ..bundle.unpack import store_manifest, stored_manifest

FOLDERS = ("hold", "journal", "incoming", "outgoing", "releases", "reports")
ADOPTED = "adopted"
WAIT_S = 5


def prepare(site, session, hold_php, code_of):
    """Install the hold and take the active release as it is; returns the names of what had to be done.

    `hold_php` is the text of hold.php; `code_of(path)` lists a code tree: {relative path: digest}.
    """
    hold = Hold(os.path.join(site.belay, "hold"))
    done = [f"folder {name}" for name in FOLDERS if _folder(os.path.join(site.belay, name))]
    done += [f"file {name}" for name in ("turnstile", "room") if _empty_file(os.path.join(hold.folder, name))]
    done += ["hold.php"] * write_if_different(hold.script, hold_php.encode(), 0o644)
    done += ["config.php"] * write_config(site, hold)
    done += _adopt(site, session, hold)
    done += ["manifest"] * _record_code(site, code_of)
    return done


def _folder(path):
    if os.path.isdir(path):
        return False
    os.makedirs(path, mode=0o750)
    return True


def _empty_file(path):
    """Never replaced: those who wait on the old file would not see the new one."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
        return True
    except FileExistsError:
        return False


def write_if_different(path, content, mode):
    """Whether the file had to be written; readers see the old or the new content, never a part."""
    try:
        with open(path, "rb") as file:
            if file.read() == content and os.stat(path).st_mode & 0o777 == mode:
                return False
    except FileNotFoundError:
        pass
    temporary = f"{path}.{os.getpid()}.new"
    with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    return True


def write_config(site, hold):
    """The hold's own settings; with the database's password, so only the site's owner may read them."""
    return write_if_different(hold.config, config_text(site, read_probe(hold) or secrets.token_hex(24)), 0o640)


def config_text(site, probe):
    """config.php as it must be for the credentials of this moment."""
    access = site.credentials
    values = {
        "host": access.host,
        "port": access.port,
        "socket": access.socket or None,
        "user": access.user,
        "password": access.password,
        "database": access.schema,
        "flags": access.flags,
        "table": names.release_table(site),
        "lock": lock_name(site),
        "wait_s": WAIT_S,
        "probe": probe,
    }
    lines = "".join(f"    {_php(name)} => {_php(value)},\n" for name, value in values.items())
    return f"<?php\n// Written by host-prepare.yml.\nreturn [\n{lines}];\n".encode()


def read_probe(hold):
    """The secret of the probe, or None."""
    try:
        with open(hold.config, encoding="utf-8") as file:
            for line in file:
                if line.startswith("    'probe' => "):
                    return line.split("'")[3]
    except FileNotFoundError:
        pass
    return None


def _php(value):
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _adopt(site, session, hold):
    """The commit point and the link `state`, from each other or from what `current` points to."""
    done = []
    table = names.release_table(site)
    point = commit_point.read(session, table)
    if point is None:
        state = hold.state()
        version = state.certain if state and state.certain else Version(site.active_release(), ADOPTED)
        point = commit_point.CommitPoint(version, commit_point.Record())
        commit_point.write(session, table, point)
        done.append("table release")
    if hold.state() is None:
        if site.active_release() != point.version.release:
            raise BelayError(
                "RELEASE_MISMATCH",
                f"The database is on release {point.version.release}, but `current` points to {site.active_release()}.",
                f"Point `current` to releases/{point.version.release}, then run host-prepare.yml again.",
            )
        replace_link(hold.state_link, str(point.version))
        sync_folder(hold.folder)
        done.append("link state")
    return done


def _record_code(site, code_of):
    """The code that was here before Belay is taken as it is: edits are seen from now on."""
    release = site.active_release()
    if stored_manifest(site, release) is not None:
        return False
    store_manifest(site, release, {"code": code_of(os.path.join(site.releases, release))})
    return True
