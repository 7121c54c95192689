"""This package as one file that runs by itself: what watches over a release must not need Ansible, nor its temporary files."""
from __future__ import annotations

import io
import os
import sys
import zipfile
from functools import lru_cache

from .wholefile import write_whole

MAIN = "import sys\nfrom belay.switch.watchdog import main\nsys.exit(main(sys.argv[1:]))\n"
NAME = "belay.pyz"
#: The same sources give the same bytes.
_DATE = (2000, 1, 1, 0, 0, 0)


@lru_cache(maxsize=None)
def packed() -> bytes:
    """The package as a Python zip application.

    To be called before a site is opened: Ansible's copy of the sources belongs to root, and a site's owner cannot read it.
    """
    package = __name__.rsplit(".", 2)[0]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", MAIN)
        for name, module in sorted(sys.modules.items()):
            if name == package or name.startswith(package + "."):
                path = "belay" + name[len(package):].replace(".", "/")
                _add(archive, f"{path}/__init__.py" if hasattr(module, "__path__") else f"{path}.py", _source(name, module))
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


def _source(name: str, module) -> str:
    # A package that Ansible made up, because it stands in none of the archive's folders, has no source.
    return module.__loader__.get_source(name) or ""


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED)
