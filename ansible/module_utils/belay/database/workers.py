"""Several sessions at work on one list of tasks, each session in a thread of its own."""
from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, List, Sequence

from .mysql import Session

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


def run(sessions: Sequence[Session], tasks: Sequence[Task]) -> None:
    """Carries all tasks out, the first ones first; the first error is raised when all have stopped."""
    waiting, errors, lock = list(reversed(tasks)), [], threading.Lock()

    def stopped() -> bool:
        return bool(errors)

    def work(session: Session) -> None:
        try:
            while not stopped():
                with lock:
                    if not waiting:
                        return
                    task = waiting.pop()
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
