"""What is each environment's own must lie outside of its releases: a release that comes brings none of it."""
from __future__ import annotations

import os
import shlex
from typing import Iterable, Iterator, List

from ..errors import BelayError

SHOWN = 5


def check_shared(site, shared_paths: Iterable[str]) -> None:
    """Each shared or protected path that the active release has leads to `<root>/shared`. BelayError NOT_SHARED.

    No release holds these paths, so that one which lies in the folder of a release would be gone for visitors after the switch, and be
    deleted with that release later.
    """
    lost = [path for path in shared_paths if _lies_in_the_release(site, path)]
    if not lost:
        return
    more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    raise BelayError(
        "NOT_SHARED",
        f"{', '.join(lost[:SHOWN])}{more} of {site.url} would be gone after the switch: it is this environment's own, and lies in {site.tree} instead of "
        f"{site.shared}. Nothing was changed.",
        " ".join(_remedies(site, lost[:SHOWN])),
    )


def _lies_in_the_release(site, path: str) -> bool:
    """What the active release has there is not what a release that comes is linked to."""
    place, shared = os.path.join(site.tree, path), os.path.join(site.shared, path)
    found = os.path.realpath(place)
    if not os.path.lexists(place) or found.startswith(os.path.realpath(site.shared) + os.sep):
        return False
    return not (os.path.lexists(shared) and found == os.path.realpath(shared))


def _remedies(site, lost: List[str]) -> Iterator[str]:
    twice = [path for path in lost if os.path.lexists(os.path.join(site.shared, path))]
    once = [path for path in lost if path not in twice]
    if twice:
        yield f"{', '.join(twice)} is in {site.shared} too: look which of both is right, keep that one in {site.shared}, and link the release to it."
    if once:
        yield f"On the host, as the owner of {site.root}: {'; '.join(_moved(site, path) for path in once)}"


def _moved(site, path: str) -> str:
    """Commands that overwrite no file, and put nothing into a folder that is there already; a link of the release is replaced."""
    place, target = os.path.join(site.tree, path), os.path.join(site.shared, path)
    link = os.path.relpath(target, os.path.dirname(place))
    words: List[List[str]] = [["mkdir", "-p", os.path.dirname(target)]]
    if os.path.islink(place):  # moved, its text would lead elsewhere
        words += [["ln", "-sT", os.path.realpath(place), target], ["ln", "-sfT", link, place]]
    else:
        words += [["mv", "-nT", place, target], ["ln", "-sT", link, place]]
    return " && ".join(shlex.join(command) for command in words)
