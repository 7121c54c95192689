"""How an operation ended on this host, for whoever asks for it again: an operation acts once, a repetition tells what it did."""
from __future__ import annotations

from typing import Optional

from ..errors import BelayError
from ..hold.hold import Version


def short(digest: str) -> str:
    """The name of a release on a host."""
    return digest[:12]


def goal(params) -> Version:
    """The version that a promotion is to activate."""
    return Version(short(params["release_digest"]), params["operation_id"])


def outcome_of(journal, point, wanted) -> Optional[dict]:
    """What a promotion to the version `wanted` that is over has to tell, as a module's result; None where it may still be done.

    It is over where it was rolled back (by a step of its own, or by the host), or confirmed and replaced since.
    """
    back = journal.last("rolled_back")
    if back is not None or (point.version.operation == wanted.operation and point.version != wanted):
        return {"belay_facts": _facts(journal), "belay_error": _rolled_back(journal, wanted).as_dict()}
    if point.version != wanted and journal.last("confirmed") is not None:
        raise BelayError(
            "OPERATION_OVER",
            f"This promotion to release {wanted.release} was done, and the target has gone on to {point.version.release} since.",
            "Begin a new promotion: comment `/promote`.",
        )
    return None


def _facts(journal) -> dict:
    told = {"activated": True, "rolled_back": True}
    health, reverted = journal.last("health"), journal.last("reverted")
    if health:
        told["health"] = health["results"]
    if reverted:
        told.update(reverted_by_watchdog=True, restored_health=reverted["restored_health"], restored_purges=reverted.get("purges", []))
    return told


def _rolled_back(journal, wanted) -> BelayError:
    reverted, failed = journal.last("reverted"), journal.last("failed")
    if reverted:
        return reverted_error(wanted, reverted)
    why = failed["error"] if failed else {"code": "ALREADY_ROLLED_BACK", "message": "The journal does not say why.", "remedy": ""}
    return BelayError(
        why["code"],
        f"This promotion was made and rolled back already; nothing was done now. {why['message']}",
        "Begin a new promotion when the reason is gone: comment `/promote`.",
    )


def reverted_error(wanted, reverted) -> BelayError:
    """`reverted` is the journal's line of the host's own way back."""
    return BelayError(
        "REVERTED_BY_WATCHDOG",
        f"Release {wanted.release} was switched to, and nobody confirmed it in time: the host went back by itself at {reverted['at'][:19]} UTC.",
        "Read the run's log for what became of the runner, then comment `/promote` again.",
    )
