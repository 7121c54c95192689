"""What each step of a refresh does on its host; the module belay_refresh is their entry. Every step may be repeated."""
from __future__ import annotations

import os
import shutil

from ..errors import BelayError
from ..fingerprint.fingerprint import fingerprint
from ..files.files import file_digest
from ..host.hostlock import host_lock
from ..hold.copy_mark import mark_copy
from ..scope.look import Look
from ..bundle.manifest import digest_of
from ..database.mysql import Session
from .refresh_archive import activate_clone, unpack_archive
from .refresh_export import export
from .refresh_import import Refresh
from .refresh_inventory import read_inventory, take_inventory
from .refresh_scope import Scope
from ..release.release import describe, store
from ..scope.rules import Rules
from ..host.site import Site
from ..bundle.unpack import unpack
from ..switch import armed as arms
from ..switch.workplace import take_site


def inventory(params) -> dict:
    """On the source: what it has."""
    site = _site(params, params["initial"])
    with host_lock(site, params["operation_id"]), Session(site) as session:
        path = os.path.join(_folder(site, "outgoing"), _name(params) + ".inventory.json")
        take_inventory(site, session, Scope.of(params).files(Rules.of(params)), path)
        return {"inventory": {"path": path, "sha256": file_digest(path)}, "incoming": _folder(site, "incoming")}


def export_data(params) -> dict:
    """On the target: its data as the source will have it, its fingerprint of the same moment; its code for a first clone."""
    site, rules = _site(params), Rules.of(params)
    scope = Scope.of(params)
    with host_lock(site, params["operation_id"]):
        outgoing = _folder(site, "outgoing")
        path = os.path.join(outgoing, _name(params) + ".tar.zst")
        done = export(site, rules, scope, read_inventory(params["inventory"]), path)
        answer = {
            "archive": {"path": path, "sha256": done["sha256"], "digest": done["digest"]},
            "belay_facts": {"target": done["fingerprint"]},
        }
        if params["initial"]:
            manifest = describe(site, rules, params["environment"], done["fingerprint"])
            answer["release"] = store(site, manifest, outgoing, outgoing)
        return answer


def import_data(params) -> dict:
    """On the source: everything takes its place, then the source's fingerprint. BelayError HOST_BUSY while a release waits here for
    its confirmation."""
    site, rules = _site(params, params["initial"]), Rules.of(params)
    scope = Scope.of(params)
    with host_lock(site, params["operation_id"]):
        _require_confirmed(site)
        # The shadows of an operation that was interrupted here are dropped: it must not go on with ours.
        take_site(site, params["operation_id"])
        mark_copy(site, params["source_type"], params["hold_php"])
        unpacked = unpack_archive(site, params["archive"], params["digest"])
        try:
            refresh = Refresh(site, rules, scope, unpacked, params["expected_source"])
            tables = refresh.data()
            files = refresh.files()
        finally:
            shutil.rmtree(unpacked.folder, ignore_errors=True)
        if params["initial"]:
            _clone_code(site, params)
        with Session(site) as session:
            return {"changed": True, "belay_facts": {"source": fingerprint(site, session, rules, Look(keep_index=True)), "tables": tables, "files": files}}


def tidy(params) -> dict:
    """On either side: what the other steps left behind."""
    site = _site(params, True)
    for name in ("outgoing", "incoming"):
        folder = _folder(site, name)
        for left in os.listdir(folder):
            path = os.path.join(folder, left)
            if left.startswith("refresh-"):
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    return {}


STEPS = {"inventory": inventory, "export": export_data, "import": import_data, "tidy": tidy}


def _require_confirmed(site) -> None:
    """The way back of a release that nobody has confirmed leads over tables that a refresh drops."""
    waiting = arms.all_of(site)
    if waiting:
        raise BelayError(
            "HOST_BUSY",
            f"Operation {waiting[0].operation} has activated release {waiting[0].goal.release} on {site.url}, and nobody has confirmed it yet: "
            "a refresh would take away what it may have to go back to. Nothing was changed.",
            "Run recover.yml on this environment first, then refresh again.",
        )


def _clone_code(site, params) -> None:
    digest = params["release_digest"]
    unpacked = unpack(site, params["release"], digest, params["shared_paths"])
    activate_clone(site, digest_of(unpacked.manifest)[:12], params["operation_id"])
    os.unlink(params["release"])


def _site(params, initial: bool = False) -> Site:
    os.umask(0o022)
    return Site.open(params["root"], params["url"], params["database"], params["prefix"], initial)


def _folder(site, name: str) -> str:
    path = os.path.join(site.belay, name)
    os.makedirs(path, mode=0o750, exist_ok=True)
    return path


def _name(params) -> str:
    return "refresh-" + params["operation_id"]
