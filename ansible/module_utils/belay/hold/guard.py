"""A watchdog for the hold: visitors must never wait on a switcher that is frozen.

The switcher also counts the time itself; this is for the case that it no longer runs (stopped, swapped out, stuck in
the kernel). A killed switcher is harmless: its locks are free at once, and the table `release` says how far it came.
"""
import os
import select
import signal
import time


class Guard:
    """A child that kills this process with SIGKILL when it stays armed longer than it said.

    Start it before the lock files are opened and before any client is connected: what is opened later is not inherited
    by the child and dies with this process.
    """

    def __init__(self):
        reader, self._writer = os.pipe()
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            _child(parent, reader)
        os.close(reader)

    def arm(self, seconds):
        os.write(self._writer, f"{seconds:.3f}\n".encode())

    def disarm(self):
        os.write(self._writer, b"0\n")

    def close(self):
        os.close(self._writer)
        os.waitpid(self._child, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _child(parent, reader):
    try:
        _let_go_of_everything_but(reader)
        _watch(parent, reader)
    finally:
        os._exit(0)


def _let_go_of_everything_but(reader):
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    limit = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, reader)
    os.closerange(reader + 1, min(limit, 65536) if limit > 0 else 65536)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _watch(parent, reader):
    deadline = None
    while True:
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select([reader], [], [], wait)
        if not readable:
            if os.getppid() == parent:
                os.kill(parent, signal.SIGKILL)
            return
        told = os.read(reader, 4096)
        if not told:
            return
        seconds = float(told.split()[-1])
        deadline = time.monotonic() + seconds if seconds else None
