"""The archives of a refresh on the source: the data unpacked and verified, the code of a first clone made active."""
from __future__ import annotations

import os
import shutil
import tempfile
from typing import NamedTuple

from ..database import names
from ..hold import commit_point
from ..bundle.extract import extract
from ..hold.hold import Hold, Version
from ..host.links import replace_link, sync_folder
from ..database.mysql import Session


class Unpacked(NamedTuple):
    """A verified archive: the folder with its content, and its manifest."""

    folder: str
    manifest: dict


def unpack_archive(site, archive: str, digest: str) -> Unpacked:
    """Into a folder of its own; what an earlier refresh left there goes."""
    incoming = os.path.join(site.belay, "incoming")
    os.makedirs(incoming, exist_ok=True)
    for old in os.listdir(incoming):
        if old.startswith("refresh-") and os.path.isdir(os.path.join(incoming, old)):
            shutil.rmtree(os.path.join(incoming, old))
    folder = tempfile.mkdtemp(prefix="refresh-", dir=incoming)
    return Unpacked(folder, extract(archive, digest, folder))


def activate_clone(site, release: str, operation_id: str) -> None:
    """Points a first clone at its code, and tells the table `release` and the hold's link so."""
    replace_link(site.current, "releases/" + release)
    sync_folder(site.root)
    version = Version(release, operation_id)
    with Session(site) as session:
        commit_point.write(session, names.release_table(site), commit_point.CommitPoint(version, commit_point.Record()))
    hold = Hold(os.path.join(site.belay, "hold"))
    # Without the link the hold leaves the choice of the release to `current`, as whoever deploys to a source expects.
    if hold.state() is not None:
        replace_link(hold.state_link, str(version))
