"""Several sessions at work on one list of tasks, each session in a thread of its own."""
from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, List, Sequence

from .mysql import LostConnection, Session

#: A task is called with the session it may use, and with a function that says whether somebody has failed meanwhile.
Task = Callable[[Session, Callable[[], bool]], None]
_MOST = 4


def how_many(workers: int) -> int:
    """What `workers` of a job means on this host."""
    return workers or max(1, min(_MOST, (os.cpu_count() or 1) // 2))


@contextlib.contextmanager
def crew(site, session: Session, count: int) -> Iterator[List[Session]]:
    """`count` sessions, the given one first. Numbers and hashes are joined faster in a one-byte encoding; what they are stays the same."""
    extra: List[Session] = []
    try:
        if count > 1:
            with ThreadPoolExecutor(count - 1) as pool:
                for made in [pool.submit(Session, site) for _ in range(count - 1)]:
                    extra.append(made.result())
        sessions = [session, *extra]
        for one in sessions:
            one.execute("SET SESSION character_set_connection = latin1")
        try:
            yield sessions
        finally:
            session.execute("SET SESSION character_set_connection = utf8mb4")
    finally:
        for one in extra:
            one.close()


@contextlib.contextmanager
def as_usual(session: Session) -> Iterator[None]:
    """Within a crew: the session's usual encoding, for other work than hashing."""
    session.execute("SET SESSION character_set_connection = utf8mb4")
    try:
        yield
    finally:
        with contextlib.suppress(LostConnection):
            session.execute("SET SESSION character_set_connection = latin1")


def run(sessions: Sequence[Session], tasks: Sequence[Task], own: Sequence[Task] = ()) -> None:
    """Carries all tasks out, the first ones first; `own` are those of the first session alone, which begins with them. The first
    error is raised when all have stopped."""
    waiting, errors, lock = list(reversed(tasks)), [], threading.Lock()
    waiting_own = list(reversed(own))

    def stopped() -> bool:
        return bool(errors)

    def work(session: Session) -> None:
        try:
            while not stopped():
                with lock:
                    mine = waiting_own if session is sessions[0] and waiting_own else waiting
                    if not mine:
                        return
                    task = mine.pop()
                task(session, stopped)
        except BaseException as error:  # noqa: B902 - raised below, in the thread that asked
            errors.append(error)

    threads = [threading.Thread(target=work, args=(session,)) for session in sessions[1:]]
    for thread in threads:
        thread.start()
    work(sessions[0])
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
