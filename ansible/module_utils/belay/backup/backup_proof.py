"""Compares what came back from a backup with the live site: what stood still must be equal, what moved is counted."""
from __future__ import annotations

from collections import Counter
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ..errors import BelayError
from ..files.files import Entry
from ..database.mysql import Session, ident
from ..tables.table_shape import Shape, shape_of


class Rows(NamedTuple):
    """`rows` came back exactly; `moving` were written while the backup was taken."""

    rows: int
    moving: int


def compare_tables(site, before, scratch: str, tables: Iterable[str]) -> Rows:
    """Every row of every restored table against the live table at two instants: before the dump (the snapshot that
    `before` has open) and now. Raises BelayError BACKUP_NOT_PROVEN for a row that stood still and differs."""
    rows = moving = 0
    with Session(site) as after, after.snapshot(), Session(site, scratch) as restored:
        for table in tables:
            one = _compare_table([before, restored, after], site.prefix + table)
            rows, moving = rows + one.rows, moving + one.moving
    return Rows(rows, moving)


def _compare_table(sessions: List[Session], full: str) -> Rows:
    shapes = [shape_of(session, full) for session in sessions]
    if shapes[1] is None:
        raise not_proven("table %s is not in the backup" % full)
    if shapes[0].columns != shapes[1].columns:
        raise not_proven("table %s changed its structure during the backup, or came back with another one" % full)
    if shapes[2] is None or shapes[2].columns != shapes[0].columns:
        raise not_proven("table %s changed its structure during the backup" % full)
    if not shapes[0].key:
        return _compare_keyless([Counter(row[0] for row in _rows(session, full, shapes[0])) for session in sessions], full)
    was, back, now = (_rows(session, full, shapes[0]) for session in sessions)
    equal = moving = 0
    for key, (first, found, last) in _merge(was, back, now):
        if first == last and first is not None and found != first:
            raise not_proven("the row with the key %s of table %s did not come back as it is" % (_shown(key), full))
        if found is not None and found in (first, last):
            equal += 1
        elif found is not None or first is not None:
            # Made, changed or deleted meanwhile, perhaps both made and deleted. What was only made later is no part of the backup.
            moving += 1
    return Rows(equal, moving)


def _rows(session, full: str, shape: Shape) -> Iterator[Tuple[bytes, ...]]:
    """(hash, key) of every row in the order of the key's bytes; without a key (hash,)."""
    hash_ = shape.row_hash()
    if not shape.key:
        return session.stream("SELECT %s FROM %s" % (hash_, ident(full)))
    key = "HEX(CONCAT(%s))" % ", ".join(column.tagged for column in shape.key)
    return session.stream("SELECT %s, %s AS belay_key FROM %s ORDER BY belay_key" % (hash_, key, ident(full)))


def _merge(*streams: Iterator[Tuple[bytes, ...]]) -> Iterator[Tuple[bytes, List[Optional[bytes]]]]:
    """Rows with the same key of several streams, each in the order of its keys."""
    heads = [next(stream, None) for stream in streams]
    while any(head is not None for head in heads):
        key = min(head[1] for head in heads if head is not None)
        states: List[Optional[bytes]] = []
        for n, stream in enumerate(streams):
            if heads[n] is not None and heads[n][1] == key:
                states.append(heads[n][0])
                heads[n] = next(stream, None)
            else:
                states.append(None)
        yield key, states


def _shown(key: bytes) -> str:
    return bytes.fromhex(key.decode()).decode(errors="replace")


def _compare_keyless(counts: List[Counter], full: str) -> Rows:
    was, back, now = counts
    still = was & now
    if still - back:
        raise not_proven("rows of table %s did not come back as they are" % full)
    moved = back - still
    strange = moved - (was | now)
    if strange and was == now:
        raise not_proven("table %s came back with rows that it does not have" % full)
    return Rows(sum(still.values()), sum(moved.values()))


def compare_files(listing: Dict[str, Entry], restored: Dict[str, str], look_again: Callable[[], Dict[str, Entry]]) -> int:
    """How many files came back exactly. A file that differs must have changed meanwhile, or the backup is not proven."""
    doubtful = [path for path, entry in listing.items() if restored.get(path) != entry.value]
    doubtful += [path for path in restored if path not in listing]
    now = look_again() if doubtful else {}
    for path in doubtful:
        was, is_now = listing.get(path), now.get(path)
        if was is not None and is_now is not None and was.value == is_now.value:
            raise not_proven("%s did not come back as it is" % path)
    return len(listing) - sum(path in listing for path in doubtful)


def not_proven(what: str) -> BelayError:
    return BelayError("BACKUP_NOT_PROVEN", "The backup was taken but could not be proven: %s." % what, "Comment `/backup` to take another one.")
