"""A `.tar.zst` that is written under a temporary name and read as a stream that trusts nothing in it.

Members carry no time and no owner. Reading gives regular files and symbolic links with plain relative names, and nothing
else; what a member may be called and how long it may be, the reader decides before the first byte is written.
"""
from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from contextlib import contextmanager
from typing import BinaryIO, Iterable, Iterator, NamedTuple, Optional, Tuple

from ..errors import BelayError


class Member(NamedTuple):
    """What goes into an archive: the file at `path` (which must still have this SHA-256, if given), or `data`, or a symbolic link to `link`."""

    name: str
    path: Optional[str] = None
    sha256: Optional[str] = None
    data: Optional[bytes] = None
    link: Optional[str] = None


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO):
        self._file, self.hash = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def write_archive(path: str, members: Iterable[Member]) -> int:
    """Writes the members in their order; the name appears only when everything is on disk. Returns the size in bytes."""
    temporary = "%s.%d.tmp" % (path, os.getpid())
    try:
        with open(temporary, "wb") as out:
            with _zstd(["-q", "-3", "-c"], subprocess.PIPE, out) as zstd:
                with tarfile.open(fileobj=zstd.stdin, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                    for member in members:
                        _add(tar, member)
            os.fsync(out.fileno())
        os.rename(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    return os.path.getsize(path)


def read_archive(path: str, limit: int) -> Iterator[Tuple[tarfile.TarInfo, Optional[BinaryIO]]]:
    """The members of an archive, each with its open content (None for a link), which has to be read before the next one.

    Raises BelayError ARCHIVE_UNSAFE for a name that leaves the archive, for anything but files and links, for a name
    that comes twice, and once the members are larger than `limit` bytes together; ARCHIVE_BROKEN when it cannot be read.
    """
    seen, total = set(), 0
    try:
        with open(path, "rb") as source, _zstd(["-q", "-d", "-c"], source, subprocess.PIPE) as zstd:
            with tarfile.open(fileobj=zstd.stdout, mode="r|") as tar:
                for info in tar:
                    if info.isdir():
                        continue
                    total += info.size
                    _check(info, seen)
                    if total > limit:
                        raise _unsafe("is larger than the %d bytes that may be unpacked here" % limit)
                    yield info, tar.extractfile(info) if info.isreg() else None
            zstd.stdout.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _broken(path, error) from error


def _add(tar: tarfile.TarFile, member: Member) -> None:
    info = tarfile.TarInfo(member.name)
    info.mode = 0o644
    if member.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, member.link
        tar.addfile(info)
    elif member.data is not None:
        info.size = len(member.data)
        tar.addfile(info, io.BytesIO(member.data))
    else:
        _add_file(tar, info, member)


def _add_file(tar: tarfile.TarFile, info: tarfile.TarInfo, member: Member) -> None:
    try:
        with open(member.path, "rb") as content:
            status = os.fstat(content.fileno())
            info.size = status.st_size
            info.mode = 0o755 if status.st_mode & 0o100 else 0o644
            hashing = _Hashing(content)
            tar.addfile(info, hashing)
    except FileNotFoundError:
        raise _moved(member) from None
    except OSError as error:
        # A file that became shorter ends too early for the archive; anything else is the disk's or the pipe's trouble.
        raise (_moved(member) if "unexpected end of data" in str(error) else error) from error
    if member.sha256 not in (None, hashing.hash.hexdigest()):
        raise _moved(member)


def _check(info: tarfile.TarInfo, seen: set) -> None:
    if not (info.isreg() or info.issym()):
        raise _unsafe("holds %s, which is neither a file nor a symbolic link" % info.name)
    if not is_plain(info.name):
        raise _unsafe("holds the name %r, which leads out of it" % info.name)
    if info.issym() and not stays_inside(info.name, info.linkname):
        raise _unsafe("holds the link %s to %s, which leads out of it" % (info.name, info.linkname))
    if info.name in seen:
        raise _unsafe("holds %s twice" % info.name)
    seen.add(info.name)


def is_plain(name: str) -> bool:
    """Whether a name is relative, in its shortest form, and without `..`."""
    return bool(name) and not name.startswith("/") and all(part not in ("", ".", "..") for part in name.split("/"))


def stays_inside(name: str, target: str) -> bool:
    """Whether a symbolic link called `name` leads to something below the first folder of its name.

    `..` may only come first in the target: after the name of another link it would mean something else than it seems.
    """
    parts = target.split("/")
    ups = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    depth = max(name.count("/") - 1, 0)
    return bool(target) and not target.startswith("/") and ".." not in parts[ups:] and ups <= depth


@contextmanager
def _zstd(arguments: list, stdin, stdout):
    """The zstd program as one side of a pipe; a failure of it is an error, unless one is on its way already."""
    try:
        process = subprocess.Popen(["zstd", *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise BelayError("TOOL_MISSING", "zstd is not installed on this host.", "Install the package zstd.") from error
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        message = process.stderr.read().decode(errors="replace").strip()
        process.stderr.close()
        code = process.wait()
    if code != 0:
        raise OSError("zstd ended with %d: %s" % (code, message))


def _unsafe(what: str) -> BelayError:
    return BelayError("ARCHIVE_UNSAFE", "The release's archive %s; nothing of it was used." % what, "Build the release again: comment `/promote`.")


def _broken(path: str, error: Exception) -> BelayError:
    return BelayError("ARCHIVE_BROKEN", "The archive %s cannot be read: %s." % (os.path.basename(path), error), "Build the release again: comment `/promote`.")


def _moved(member: Member) -> BelayError:
    return BelayError("FILES_MOVED", "%s changed while it was being packed." % member.name, "Try again when nothing writes to it any more.")
