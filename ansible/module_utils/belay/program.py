"""This package as one file that runs by itself: what watches over a release must not need Ansible, nor its temporary files."""
from __future__ import annotations

import io
import os
import sys
import zipfile
from functools import lru_cache

from .wholefile import write_whole

MAIN = "import sys\nfrom belay.watchdog import main\nsys.exit(main(sys.argv[1:]))\n"
NAME = "belay.pyz"
#: The same sources give the same bytes.
_DATE = (2000, 1, 1, 0, 0, 0)


@lru_cache(maxsize=None)
def packed() -> bytes:
    """The package as a Python zip application.

    To be called before a site is opened: Ansible's copy of the sources belongs to root, and a site's owner cannot read it.
    """
    package = __name__.rpartition(".")[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", MAIN)
        _add(archive, "belay/__init__.py", "")
        for name, module in sorted(sys.modules.items()):
            if name.startswith(package + "."):
                _add(archive, f"belay/{name[len(package) + 1:]}.py", module.__loader__.get_source(name))
    return buffer.getvalue()


def install(folder: str) -> str:
    """Put the program into a folder, where it is not there already; returns its path."""
    path = os.path.join(folder, NAME)
    try:
        with open(path, "rb") as file:
            if file.read() == packed():
                return path
    except FileNotFoundError:
        pass
    write_whole(path, packed(), 0o600)
    return path


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED)
