"""Room on the target's disks for what a promotion makes before anything goes: a second copy of the code and of the tables."""
from __future__ import annotations

import os
from typing import Iterable, List, Optional, Tuple

from ..database.mysql import literal
from ..errors import BelayError

MARGIN = 64 << 20
SPARE_FILES = 2048
#: At least so much larger than its archive is what is in it; unpacking itself stops where a disk would be full.
UNPACKED = 2


def check_room(site, session, tables: Iterable[str], archive: Optional[str] = None) -> List[str]:
    """Room for a second copy of the code and of the tables that are replaced; a warning where the database's disk cannot be seen.

    `archive`: the release has arrived, and how much its code takes is told by that rather than by the active one's.
    """
    sizes = session.query(
        "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE() "
        f"AND table_name IN ({', '.join(literal(site.prefix + table) for table in (*tables, 'options'))})"
    )
    copies = 2 * int(sizes[0][0] or 0)
    count, size = (0, UNPACKED * os.path.getsize(archive)) if archive else _tree(site.tree)
    _require(site.root, size, count)
    server, data, temporary = (value.decode() for value in session.query("SELECT @@hostname, @@datadir, @@tmpdir")[0])
    if server != os.uname().nodename or not os.path.isdir(data):
        return [f"The database runs on {server}, whose disk Belay does not see: see that it has {(copies + MARGIN) >> 20} MiB left."]
    _require(data, copies, len(list(tables)))
    for folder in filter(os.path.isdir, temporary.split(":")):
        _require(folder, 0, 0)
    return []


def _tree(top: str) -> Tuple[int, int]:
    """Number and bytes of the files below a folder, without what links lead to."""
    count = size = 0
    for folder, _, files in os.walk(top):
        for name in files:
            found = os.lstat(os.path.join(folder, name))
            count, size = count + 1, size + found.st_size
    return count, size


def _require(path: str, size: int, files: int) -> None:
    disk = os.statvfs(path)
    free, needed = disk.f_bavail * disk.f_frsize, size + MARGIN
    if free < needed:
        raise BelayError("SPACE_MISSING", f"{path} has {free >> 20} MiB left, and {needed >> 20} MiB are needed.", "Free space on the target.")
    # Some file systems count no files.
    if disk.f_files and disk.f_favail < files + SPARE_FILES:
        raise BelayError(
            "SPACE_MISSING", f"The file system of {path} takes {disk.f_favail} more files, and {files + SPARE_FILES} are needed.", "Remove files on the target."
        )
