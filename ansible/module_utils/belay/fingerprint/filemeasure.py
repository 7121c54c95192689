"""The part of a fingerprint that is about files (facts.ts): protected paths, the code tree, and what changed in them."""
from __future__ import annotations

import os
from contextlib import ExitStack
from typing import ContextManager, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..files import fileindex
from ..scope.excluded import Excluded
from ..files.filecache import memory
from ..files.filememory import Memory
from ..files.filescan import Found, Place, Summary, found_in, texts
from ..scope.index_folder import IndexFolder
from ..scope.keptfile import KeptFile, writing
from ..files.listing import Run, compare, encoded, value_of
from ..scope.look import Look
from ..text import readable
from ..bundle.unpack import stored_manifest


class Measured(NamedTuple):
    """`facts` is a FilesFingerprint. `changes` are the RowChanges since a baseline: None where nothing changed, or where the host
    has no index of that baseline. `failed` says why no index was kept, where one was wanted."""

    facts: dict
    changes: Optional[dict]
    failed: Optional[OSError]


class Code(NamedTuple):
    """`edits` is how the code differs from what its release brought, None where nobody recorded that."""

    measured: Measured
    edits: Optional[List[dict]]


class Files(NamedTuple):
    """`facts`: `files`, `code` and `code_edits` of a Fingerprint; `differences`: `files` and `code` of the Differences; `warnings`
    are sentences for the operator."""

    facts: dict
    differences: dict
    warnings: List[str]


def measure_files(site, rules, look: Look = Look()) -> Files:
    """All files of an environment. Raises what `found_in` raises."""
    places = {path: measure(site, rules, path, look) for path in rules.protected_paths}
    code = measure_code(site, rules, look)
    changes = {path: found.changes for path, found in places.items() if found.changes is not None}
    failed = {**places, "the code": code.measured}
    return Files(
        {"files": {path: found.facts for path, found in places.items()}, "code": code.measured.facts, "code_edits": code.edits or []},
        {"files": changes, "code": code.measured.changes},
        [_no_index(name, found.failed) for name, found in failed.items() if found.failed is not None],
    )


def measure(site, rules, path: str, look: Look = Look()) -> Measured:
    """A protected path of the code tree, wherever its link leads."""
    baseline = (look.baseline_index or {}).get("files", {}).get(path)
    looked_at = (site.tree, *(os.path.join(site.tree, protected) for protected in rules.protected_paths))
    place = Place(os.path.join(site.tree, path), tuple(rules.volatile_paths), site.root, path, looked_at)
    return _measure(site, rules, _Task(place, look, baseline))


def measure_code(site, rules, look: Look = Look(), release: Optional[str] = None) -> Code:
    """The promotable code tree of a release, which is the active one unless another is named, and how it differs from what was unpacked."""
    manifest = stored_manifest(site, release or site.active_release())
    edits = None if manifest is None else _Edits(manifest["code"], Excluded(not_code(rules)))
    baseline = (look.baseline_index or {}).get("code")
    kept = look._replace(keep_index=look.keep_index or look.keep_code)
    measured = _measure(site, rules, _Task(_code(site, rules, release), kept, baseline, edits))
    return Code(measured, None if edits is None else edits.listed())


def code_tree(site, rules, look: Look = Look()) -> Dict[str, str]:
    """`listed` of the promotable code tree."""
    return listed(site, rules, _code(site, rules), look)


def listed(site, rules, place: Place, look: Look = Look()) -> Dict[str, str]:
    """{relative path: SHA-256 or `link:<target>`} of a place of this site. Proofs use files.tree, which believes nothing."""
    with _memory(site, place, look) as known:
        found = _encoded(found_in(place, rules.workers, known), known)
        return {os.fsdecode(path): text for one, _ in found for path, text in texts(one)}


def not_code(rules) -> List[str]:
    """Paths of the code tree that are no part of a release."""
    return [*rules.shared_paths, *rules.protected_paths, *rules.volatile_paths]


class _Edits:
    """How runs differ from a manifest's code; what is excluded does not count."""

    def __init__(self, code: Dict[str, str], excluded: Excluded):
        self._left = {os.fsencode(path): value_of(text) for path, text in code.items() if path not in excluded}
        self._found: List[Tuple[bytes, str]] = []

    def watched(self, runs: Iterator[Run]) -> Iterator[Run]:
        for run in runs:
            for path, value in run.items():
                wanted = self._left.pop(path, None)
                if wanted != value:
                    self._found.append((path, "added" if wanted is None else "changed"))
            yield run

    def listed(self) -> List[dict]:
        """`{path, change}` of each, when all runs have been watched."""
        found = sorted(self._found + [(path, "removed") for path in self._left])
        return [{"path": readable(path), "change": change} for path, change in found]


class _Task(NamedTuple):
    place: Place
    look: Look
    baseline: Optional[str] = None
    edits: Optional[_Edits] = None


def _measure(site, rules, task: _Task) -> Measured:
    """One look at a place: counted, remembered, kept for later and compared while it is made."""
    summary, indexes = Summary(rules.row_limit), IndexFolder(site)
    with ExitStack() as stack:
        known = stack.enter_context(_memory(site, task.place, task.look))
        index = stack.enter_context(writing(indexes, fileindex.KIND)) if task.look.keep_index else None
        was = stack.enter_context(fileindex.opened(indexes, task.baseline))
        now = _counted(_encoded(found_in(task.place, rules.workers, known), known), summary, index)
        if task.edits is not None:
            now = task.edits.watched(now)
        changes = _ignored(now) if was is None else compare(was, now)
        facts = summary.facts()
        if index is not None:
            index.keep(fileindex.name_of(facts["digest"]))
    return Measured(facts, None if facts["digest"] == task.baseline else changes, None if index is None else index.failed)


def _no_index(name: str, error: OSError) -> str:
    return f"No index of {name} was kept: {error.strerror or error}. Its files cannot be told one by one when it differs later."


def _memory(site, place: Place, look: Look) -> ContextManager[Memory]:
    identity = (os.path.realpath(place.path), place.base, *sorted(place.excluded))
    return memory(IndexFolder(site, "cache"), identity, look.full)


def _encoded(found: Iterator[Found], known: Memory) -> Iterator[Tuple[Found, bytes]]:
    for one in found:
        block = encoded(one.run)
        known.add(block, one.states, one.read)
        yield one, block


def _counted(found: Iterator[Tuple[Found, bytes]], summary: Summary, index: Optional[KeptFile]) -> Iterator[Run]:
    for one, block in found:
        summary.add(one.run, block, one.size)
        if index is not None:
            index.write(block)
        yield one.run


def _ignored(runs: Iterator[Run]) -> None:
    for _ in runs:
        pass


def _code(site, rules, release: Optional[str] = None) -> Place:
    return Place(os.path.join(site.releases, release) if release else site.tree, tuple(not_code(rules)))
