"""The folders of releases on a host: which may go."""
import contextlib
import os
import re
import shutil

from ..errors import BelayError
from ..host.folders import ASIDE, remove_folder


def drop_releases(site, kept):
    """Remove code and manifests of releases that are not kept; never the active one, nor a folder that Belay has not brought."""
    kept = {*kept, site.active_release()}
    for name in os.listdir(site.releases):
        if name not in kept and _is_ours(site, name):
            forget(site, name)
    shutil.rmtree(os.path.join(site.belay, "incoming"), ignore_errors=True)
    os.makedirs(os.path.join(site.belay, "incoming"), mode=0o750, exist_ok=True)


def _is_ours(site, name):
    """The manifest tells: folders that others keep there may have names of twelve digits as well.

    A release of which a crash left the folder alone goes when its operation is undone or a recovery finds it: the journal names it.
    """
    return re.fullmatch("[0-9a-f]{12}", name) is not None and os.path.isfile(_manifest_path(site, name))


def forget(site, release):
    """Remove the code and the manifest of a release. BelayError RELEASE_NEEDED where the environment runs it, or may in a moment."""
    if release == site.active_release() or release in _named_by_the_hold(site):
        raise BelayError(
            "RELEASE_NEEDED",
            f"Release {release} is not removed: {site.url} runs it, or is being switched to or from it.",
            "Promote another release first, or `/rollback`.",
        )
    for name in (release + ASIDE, release):
        remove_folder(os.path.join(site.releases, name))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_manifest_path(site, release))


def _manifest_path(site, release):
    return os.path.join(site.belay, "releases", f"{release}.json")


def _named_by_the_hold(site):
    try:
        return os.readlink(os.path.join(site.belay, "hold", "state"))
    except OSError:
        return ""


def drop_incoming(site, release):
    """Remove what was brought for a promotion that did not happen. What cannot be removed goes with the next promotion's."""
    folder = os.path.join(site.belay, "incoming")
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(release):
                path = os.path.join(folder, name)
                shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)
