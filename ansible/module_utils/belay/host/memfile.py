"""Secrets for child processes: a file that exists in memory only and that the child alone is given."""
from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator, Tuple


@contextmanager
def memory_file(content: str) -> Iterator[Tuple[str, int]]:
    """The path under which a child can read the content, and the descriptor to hand down (`pass_fds`)."""
    handle = os.memfd_create("belay", 0)
    try:
        os.fchmod(handle, 0o600)
        os.write(handle, content.encode())
        yield "/proc/self/fd/%d" % handle, handle
    finally:
        os.close(handle)
