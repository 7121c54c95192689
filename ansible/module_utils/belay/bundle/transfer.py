"""One file from host to host, in chunks: what an interrupted transfer brought stays and is not brought again.

Files lie in `<root>/.belay/outgoing` and `.belay/incoming`. Everything here runs as the owner of the root, and follows no link:
whoever may write into the site's folders can lead it nowhere.
"""
from __future__ import annotations

import contextlib
import hashlib
import os
from typing import List, Tuple

from ..errors import BelayError
from .transfer_folder import folder_of, opened

CHUNK = 32 << 20
BLOCK = 1 << 20
PART, CUT = ".part", ".cut"


def offer(params) -> dict:
    """On the source: size, SHA-256 and the SHA-256 of every chunk of `path`. BelayError TRANSFER_MISSING; `sha256`: what it must be, if that is known."""
    path, wanted = params["path"], params.get("sha256")
    try:
        with opened(path, os.O_RDONLY) as handle:
            whole, chunks = _digests(handle)
            size = os.fstat(handle).st_size
    except FileNotFoundError:
        raise _missing(f"{path} is not there any more") from None
    if wanted and whole != wanted:
        raise _missing(f"{path} is not the file any more that was made there")
    return {"offer": {"size": size, "sha256": whole, "chunks": chunks}}


def have(params) -> dict:
    """On the target: what of a file is there. `there`: its SHA-256 or None, and those of the chunks that an interrupted transfer left."""
    whole, chunks = None, []
    with contextlib.suppress(FileNotFoundError), opened(params["path"], os.O_RDONLY) as handle:
        whole = _digests(handle)[0]
    with contextlib.suppress(FileNotFoundError), opened(params["path"] + PART, os.O_RDONLY) as handle:
        chunks = _digests(handle)[1]
    return {"there": {"sha256": whole, "chunks": chunks}}


def missing(offered: dict, there: dict) -> List[int]:
    """Chunks of an offer that must be brought; none where the whole file is in its place."""
    if there["sha256"] == offered["sha256"]:
        return []
    found = there["chunks"]
    return [at for at, digest in enumerate(offered["chunks"]) if at >= len(found) or found[at] != digest]


def cut(params) -> dict:
    """On the source: lay one chunk out beside the file; returns its path."""
    with opened(params["path"], os.O_RDONLY) as source:
        with opened(params["path"] + CUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as out:
            os.lseek(source, params["index"] * CHUNK, os.SEEK_SET)
            _copy(source, out, CHUNK)
    return {"cut": params["path"] + CUT}


def take(params) -> dict:
    """On the target: put a chunk that was brought to `chunk` in its place, and with the `last` one finish. BelayError TRANSFER_DAMAGED where
    it is not what was offered."""
    # Opened with the rights of whoever brought it, before they are given up.
    brought = os.open(params["chunk"], os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if params.get("last") and _is_there(params):  # the answer of the time before was lost
            return {"changed": False}
        with opened(params["path"] + PART, os.O_RDWR | os.O_CREAT) as part:
            os.lseek(part, params["index"] * CHUNK, os.SEEK_SET)
            digest = _copy(brought, part, CHUNK)
            os.fsync(part)
    finally:
        os.close(brought)
    if digest != params["offer"]["chunks"][params["index"]]:
        raise _damaged(params["path"])
    return finish(params) if params.get("last") else {"changed": True}


def finish(params) -> dict:
    """On the target: the file takes its name once all of it is proven."""
    path, offered = params["path"], params["offer"]
    with folder_of(path) as folder:
        with opened(path + PART, os.O_RDWR) as part:
            os.ftruncate(part, offered["size"])
            os.fsync(part)
            whole = _digests(part)[0]
        name = os.path.basename(path)
        if whole != offered["sha256"]:
            os.unlink(name + PART, dir_fd=folder)
            raise _damaged(path)
        os.rename(name + PART, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    return {"changed": True}


def _is_there(params) -> bool:
    with contextlib.suppress(FileNotFoundError), opened(params["path"], os.O_RDONLY) as handle:
        return _digests(handle)[0] == params["offer"]["sha256"]
    return False


def tidy(params) -> dict:
    """On the source: what `cut` laid out."""
    with folder_of(params["path"]) as folder, contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.basename(params["path"]) + CUT, dir_fd=folder)
    return {}


STEPS = {"offer": offer, "have": have, "cut": cut, "take": take, "finish": finish, "tidy": tidy}


def _digests(handle: int) -> Tuple[str, List[str]]:
    """SHA-256 of the whole and of every chunk, from the file's beginning."""
    os.lseek(handle, 0, os.SEEK_SET)
    whole, chunks = hashlib.sha256(), []
    chunk, left = hashlib.sha256(), CHUNK
    while block := os.read(handle, min(BLOCK, left)):
        whole.update(block)
        chunk.update(block)
        left -= len(block)
        if not left:
            chunks.append(chunk.hexdigest())
            chunk, left = hashlib.sha256(), CHUNK
    if left != CHUNK or not chunks:
        chunks.append(chunk.hexdigest())
    return whole.hexdigest(), chunks


def _copy(source: int, out: int, limit: int) -> str:
    """Copies at most `limit` bytes; their SHA-256."""
    digest = hashlib.sha256()
    while limit and (block := os.read(source, min(BLOCK, limit))):
        digest.update(block)
        limit -= len(block)
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(out, rest):]
    return digest.hexdigest()


def _missing(what: str) -> BelayError:
    return BelayError("TRANSFER_MISSING", f"{what}.", "Begin again: comment the same command, and it is made anew.")


def _damaged(path: str) -> BelayError:
    return BelayError("TRANSFER_DAMAGED", f"{path} did not arrive as it was sent.", "Run the operation again; what arrived well is not sent again.")
