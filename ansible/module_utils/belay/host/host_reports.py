"""What a host did by itself, for whoever asks next: `<root>/.belay/reports/<operation>.json`."""
from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import List

from .wholefile import read_json, write_json

#: What other programs read of it; the rest is for people.
TOLD = ("operation_id", "what", "by", "at", "release", "previous_release")


def write(site, report: dict) -> dict:
    """Keep a report, with the time; returns it."""
    folder = _folder(site)
    os.makedirs(folder, mode=0o750, exist_ok=True)
    whole = {**report, "at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "told_to": None}
    write_json(os.path.join(folder, f"{report['operation_id']}.json"), whole)
    return whole


def tell(site, operation: str) -> List[dict]:
    """Reports that nobody was told of yet, or only this operation; from now on they count as told."""
    told = []
    for name in sorted(os.listdir(_folder(site))) if os.path.isdir(_folder(site)) else []:
        path = os.path.join(_folder(site), name)
        report = read_json(path) if name.endswith(".json") else None
        if not isinstance(report, dict) or set(TOLD) - report.keys() or report.get("told_to") not in (None, operation):
            continue
        write_json(path, {**report, "told_to": operation})
        told.append({key: report[key] for key in TOLD})
    return told


def _folder(site) -> str:
    return os.path.join(site.belay, "reports")
