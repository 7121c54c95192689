"""Tells the hold (roles/host_prepare/files/hold.php) that an environment is a copy: no mail leaves it, no job begins by itself."""
from __future__ import annotations

import os

from .hold import Hold
from .prepare import write_if_different

PRODUCTION = "production"
#: Beside hold.php, outside of the code tree: no release can bring it to another environment.
NAME = "copy"


def mark_copy(site, environment_type: str, hold_php: str) -> bool:
    """Whether something had to be written. Nothing else of the hold is needed for it: without a link `state` it serves what
    the web server asks for, as before."""
    hold = Hold(os.path.join(site.belay, "hold"))
    mark = os.path.join(hold.folder, NAME)
    if environment_type == PRODUCTION:
        if not os.path.lexists(mark):
            return False
        os.unlink(mark)
        return True
    os.makedirs(hold.folder, mode=0o750, exist_ok=True)
    marked = write_if_different(mark, f"{environment_type}\n".encode(), 0o644)
    return write_if_different(hold.script, hold_php.encode(), 0o644) or marked
