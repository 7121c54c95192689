"""What lies in a folder, by content. Each file is read at its own moment; one that changes meanwhile is read again."""
from __future__ import annotations

import hashlib
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, Iterator, NamedTuple, Optional, Sequence

from .errors import BelayError
from .text import readable

LINK = "link:"
THREADS = 2
TRIES = 3
SHORT = 16


class Entry(NamedTuple):
    """`value` is the SHA-256 of a file, or `link:<target>`."""

    value: str
    size: int


class Excluded:
    """Paths that are left out, with everything below them; `*` and `?` stand for text within one name."""

    def __init__(self, paths: Iterable[str]):
        parts = {"*": "[^/]*", "?": "[^/]"}
        found = ["".join(parts.get(letter) or re.escape(letter) for letter in path.strip("/")) for path in paths]
        self._pattern = re.compile(f"(?:{'|'.join(found)})(?:/.*)?", re.S) if found else None

    def __contains__(self, path: str) -> bool:
        return self._pattern is not None and self._pattern.fullmatch(path) is not None


def tree(path: str, exclude: Iterable[str] = (), inside: Optional[str] = None) -> Dict[str, str]:
    """{relative path: SHA-256 or `link:<target>`} of everything below a folder but the excluded paths.

    Raises BelayError FILE_UNREADABLE, FILE_UNSTABLE, FILE_UNSUPPORTED, and LINK_ESCAPES for a link that leads out of
    `inside` (the folder itself unless given).
    """
    return {name: entry.value for name, entry in scan(path, exclude, inside).items()}


def scan(path: str, exclude: Iterable[str] = (), inside: Optional[str] = None, base: str = "") -> Dict[str, Entry]:
    """As `tree`, with sizes; the excluded paths are relative to the folder of which `path` is the part `base`. A path that
    is a file has the one entry of its own name; one that does not exist has none."""
    excluded = Excluded(exclude)
    real = os.path.realpath(path)
    limit = os.path.realpath(inside or path)
    if os.path.isfile(real):
        entry = _hashed(real)
        return {} if entry is None else {os.path.basename(path): entry}
    if not os.path.lexists(real):
        return {}
    found = list(_walk(real, "", base, excluded))
    links = {name: _link(os.path.join(real, name), limit) for name, kind in found if kind == "link"}
    files = [name for name, kind in found if kind == "file"]
    with ThreadPoolExecutor(THREADS) as pool:
        hashed = pool.map(lambda name: _hashed(os.path.join(real, name)), files)
        entries = {name: entry for name, entry in zip(files, hashed) if entry is not None}
    return {**entries, **links}


def summary(entries: Dict[str, Entry], limit: int) -> dict:
    """The FilesFingerprint of facts.ts."""
    lines = sorted((os.fsencode(name), entry.value) for name, entry in entries.items())
    digest = hashlib.sha256()
    for name, value in lines:
        digest.update(b"%d:%s%s\n" % (len(name), name, value.encode("utf-8", "surrogateescape")))
    short = {} if len(lines) > limit else {"entries": {readable(name): _short(value) for name, value in lines}}
    return {"files": len(lines), "bytes": sum(entry.size for entry in entries.values()), "digest": digest.hexdigest(), **short}


def file_digest(path: str) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while True:
            block = file.read(1 << 20)
            if not block:
                return digest.hexdigest()
            digest.update(block)


def differences(wanted: Dict[str, str], found: Dict[str, str], excluded: Sequence[str] = ()) -> list:
    """`{path, change}` for every path that was added, changed or removed; paths that are excluded do not count."""
    left_out = Excluded(excluded)
    wanted = {name: value for name, value in wanted.items() if name not in left_out}
    changes = [(name, "added") for name in found.keys() - wanted.keys()]
    changes += [(name, "removed") for name in wanted.keys() - found.keys()]
    changes += [(name, "changed") for name in wanted.keys() & found.keys() if wanted[name] != found[name]]
    return [{"path": readable(os.fsencode(name)), "change": change} for name, change in sorted(changes)]


def _walk(top: str, folder: str, base: str, excluded: Excluded) -> Iterator[tuple]:
    try:
        with os.scandir(os.path.join(top, folder)) as listing:
            items = sorted(listing, key=lambda item: item.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(os.path.join(top, folder), error) from error
    for item in items:
        name = f"{folder}/{item.name}" if folder else item.name
        if (f"{base}/{name}" if base else name) in excluded:
            continue
        if item.is_symlink():
            yield name, "link"
        elif item.is_dir():
            yield from _walk(top, name, base, excluded)
        elif item.is_file():
            yield name, "file"
        else:
            raise BelayError(
                "FILE_UNSUPPORTED",
                f"{os.path.join(top, name)} is neither a file nor a folder nor a symbolic link.",
                "Remove it, or list it under `promotion.files.volatile` in .github/belay.yml.",
            )


def _hashed(path: str) -> Optional[Entry]:
    """None for a file that was removed meanwhile."""
    for _ in range(TRIES):
        try:
            before = os.stat(path)
            value = file_digest(path)
            after = os.stat(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        if _identity(before) == _identity(after):
            return Entry(value, after.st_size)
    raise BelayError(
        "FILE_UNSTABLE",
        f"{path} changed each of the {TRIES} times it was read.",
        "List it under `promotion.files.volatile` in .github/belay.yml if it is a log or a cache; else try again later.",
    )


def _identity(status: os.stat_result) -> tuple:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, stat.S_IFMT(status.st_mode)


def _link(path: str, limit: str) -> Entry:
    target = os.readlink(path)
    leads_to = os.path.realpath(path)
    if leads_to != limit and not leads_to.startswith(limit.rstrip("/") + "/"):
        raise BelayError(
            "LINK_ESCAPES",
            f"The symbolic link {path} leads to {target}, out of {limit}.",
            "Replace it by what it points to, or list it under `promotion.files.shared` in .github/belay.yml.",
        )
    return Entry(LINK + target, 0)


def _short(value: str) -> str:
    if value.startswith(LINK):
        value = hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
    return value[:SHORT]


def _unreadable(path: str, error: OSError) -> BelayError:
    return BelayError(
        "FILE_UNREADABLE",
        f"{path} cannot be read: {error.strerror}.",
        "Give it to the site's owner, or list it under `promotion.files.volatile` in .github/belay.yml.",
    )
