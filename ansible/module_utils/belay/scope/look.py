"""How a measurement looks at an environment: what it is compared with, and what it may remember."""
from __future__ import annotations

from typing import Mapping, NamedTuple, Optional


class Look(NamedTuple):
    """`full`: every file is read, whatever the host remembers of it. `keep_index`: an index of this state stays on the host, to be
    compared with later. The other two are those of jobs.ts (`baseline_index`, `baseline_options`); None compares with nothing."""

    full: bool = False
    keep_index: bool = False
    baseline_index: Optional[Mapping] = None
    baseline_options: Optional[Mapping] = None
    #: An index of the code alone stays: what is released becomes a part of the next baseline (baseline.ts, `advanceBaseline`).
    keep_code: bool = False
