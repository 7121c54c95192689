"""A release goes live: shadows beside the live tables, then the switch, then either kept or undone.

`load` may be repeated; `activate` is the point of no return; before it a failure calls `clean_up`, after it a rollback.
"""
import os
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

from ..database import names
from ..candidate import trial
from ..hold import commit_point
from ..wordpress import object_cache
from ..errors import BESIDE_VISITORS, BelayError
from . import late_rows, leftovers, recheck, unheld, untouched
from ..hold.commit_point import CommitPoint, Record
from ..hold.hold import Version
from ..hold.recovery import LOCK_WAIT_S, take_lock
from ..host.folders import write_out
from .switch import Move, switch
from ..text import raw

#: WordPress makes these rules again from the code that is active, as soon as the row is gone.
REWRITE_RULES = b"rewrite_rules"
#: Stands for the table `release` among the names of shadows and archives; no table of a site is called so.
ROW = "belay_release"
#: Step of the journal: what was written at the last moment has been carried over, as far as no visitor had written there since.
STRAYS = "strays"
#: Rounds of carrying late rows over before the hold, and how few are left when the hold may begin.
ROUNDS, FEW = 5, 20
#: Numbers that production may still give out while the shadow is filled.
NUMBER_MARGIN = 1000


@dataclass(frozen=True)
class Promotion:
    """What is promoted. `tables` and `options` name what the plan takes of the release."""

    operation: str
    release: str
    tables: List[str]
    options: List[str]
    #: Option name -> row to promote ({column: bytes or None}), or None where it is removed.
    rows: Dict[str, Optional[Dict[str, Optional[bytes]]]]
    #: (session, table, shadow's whole name, smallest AUTO_INCREMENT): fills the shadow of a table.
    fill: Callable


@dataclass(frozen=True)
class Measures:
    """How tables are looked at; from the rules of the job."""

    #: (session, whole name, table) -> TableFingerprint.
    table: Callable
    #: (session, whole name of an options table, names) -> {name: OptionFingerprint}.
    options: Callable


def options_of(site, session):
    """The three options tables of a switch of this site."""
    return late_rows.describe(session, site.prefix + "options", names.base(site, "options"), names.shadow(site, "options"))


def load(site, session, promotion):
    """Make and fill every shadow; returns {table: rows}."""
    leftovers.drop_copies(site, session)
    filled = {}
    for table in promotion.tables:
        filled[table] = promotion.fill(session, table, names.shadow(site, table), next_number(site, session, table))
    options = options_of(site, session)
    late_rows.make(session, options)
    changes = {raw(name): row for name, row in promotion.rows.items()}
    late_rows.apply(session, options, {**changes, REWRITE_RULES: None})
    return filled


def next_number(site, session, table):
    """The number from which a shadow counts on: what production may still give out belongs to production."""
    rows = session.query(
        "SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() "
        f"AND table_name = {late_rows.literal(site.prefix + table)}"
    )
    return int(rows[0][0]) + NUMBER_MARGIN if rows and rows[0][0] is not None else 0


def activate(host, point, promotion, expected, measures, drain_s):
    """Make the switch from `point`; returns (SwitchFacts, the tables and options of `promoted`).

    CONFLICT_AFTER_SWITCH is raised with the release live: going back brings the rows back that would be lost.
    """
    site = host.site
    with host.open_session() as session:
        options = options_of(site, session)
        staying = staying_rows(promotion.options)
        fingerprints = {table: measures.table(session, names.shadow(site, table), table) for table in promotion.tables}
        got = measures.options(session, options.shadow, promotion.options)
        promoted = {"tables": fingerprints, "options": {name: got.get(name) for name in promotion.options}}
        record, renames = _moves(site, session, point, promotion, promoted)
        version = Version(promotion.release, promotion.operation)
        commit_point.write(session, names.shadow(site, ROW), CommitPoint(version, record))
        before = untouched.remember(session, site.prefix, {*expected.tables, *expected.promoted})
        again = recheck.outside(session, expected, before.seen)
        # Too long for the hold. With each attempt that follows it comes to be longer ago: what left is looked at once more.
        expected.code(point.version.release)
        # A power cut must not leave visitors with files that only the memory had.
        write_out(site.releases)
        few_left(session, options, staying)
    host.journal.append("prepared", promoted=promoted)
    flush = object_cache.needs_flush(site, unheld.is_held(host))

    def settle(session):
        recheck.inside(session, expected, before.since(session, again))
        merged = late_rows.merge(session, options, staying)
        if flush:
            object_cache.flush(site)
        return merged

    figures = switch(host, Move(point.version, version, renames), settle, drain_s)
    # Visitors who waited are all served at this moment: what is looked at now has time.
    os.nice(BESIDE_VISITORS)
    carry_strays_forth(host, record)
    compare_what_left(host, record, expected, measures)
    return figures, promoted


def carry_strays_forth(host, record, resumed=False):
    """After the switch that this record tells of, and before another one is prepared; `resumed` as in `carry_strays`."""
    with host.open_session() as session:
        options = options_of(host.site, session)
        has_base = leftovers.exists(session, options.base)
    if has_base:
        carry_strays(host, options, record.options_kept, staying_rows(record.options), resumed)


def compare_what_left(host, record, expected, measures):
    """After the RENAME, as often as it takes: what left is what was looked at.

    BelayError CONFLICT_AFTER_SWITCH: going back brings the rows back that would be lost.
    """
    with host.open_session() as session:
        for table, kept in record.swapped.items():
            recheck.afterwards(expected, table, measures.table(session, kept, table)["parts"])
        recheck.options_afterwards(expected, measures.options(session, record.options_kept, list(expected.options)))
    recheck.code_afterwards(expected, record.previous.release)


def staying_rows(names_):
    """Rows of the shadow that late rows do not overwrite."""
    return {raw(name) for name in names_} | {REWRITE_RULES}


def resume(host, point, expected, measures):
    """Killed after the switch: do what was still to do; returns what was promoted, None where nobody remembers."""
    compare_what_left(host, point.record, expected, measures)
    prepared = host.journal.last("prepared")
    return prepared and prepared["promoted"]


def few_left(session, options, staying):
    """Carry late rows over until the hold will have little to do."""
    late_rows.read_committed(session)
    for _ in range(ROUNDS):
        if late_rows.merge(session, options, staying) <= FEW:
            return


def _moves(site, session, point, promotion, promoted):
    """The Record of this switch, and what is renamed to what."""

    def kept(table):
        return names.archive(site, short(promotion.operation), table)

    swapped = {table: kept(table) for table in promotion.tables if leftovers.exists(session, site.prefix + table)}
    record = Record(
        previous=point.version,
        previous_row=kept(ROW),
        swapped=swapped,
        created=tuple(table for table in promotion.tables if table not in swapped),
        options={name: found and found["hash"] for name, found in promoted["options"].items()},
        options_kept=kept("options"),
        fingerprints=promoted["tables"],
    )
    renames = []
    for table in promotion.tables:
        live = site.prefix + table
        renames += [(live, swapped[table])] if table in swapped else []
        renames.append((names.shadow(site, table), live))
    return record, (*renames, *move_options_and_row(site, record))


def move_options_and_row(site, record):
    """The renames that every switch makes; the table `release` comes last."""
    row = names.release_table(site)
    return (
        (site.prefix + "options", record.options_kept),
        (names.shadow(site, "options"), site.prefix + "options"),
        (row, record.previous_row),
        (names.shadow(site, ROW), row),
    )


def short(operation):
    """What names the tables that an operation moved away: 12 hexadecimal digits of its id."""
    return operation.replace("-", "")[:12]


def carry_strays(host, options, kept, staying, resumed=False):
    """What writers other than PHP wrote into the options between the last check and the RENAME lies in the kept table.

    It is put into the live one, unless the row has been written there since, and a persistent object cache forgets the rows of before:
    also where none are left and it is `resumed`, because whoever died may have put them there and not come so far.
    """
    with host.open_session() as session:
        rows = late_rows.carry(session, options, kept, staying)
    if (rows is not None or resumed) and object_cache.needs_flush(host.site, held=False):
        # Visitors have filled it since the switch, whatever its salt. The rows stay carried over, also where it does not answer.
        try:
            object_cache.flush(host.site)
        except (BelayError, OSError) as error:
            host.journal.append("untidy", error=str(error)[:300])
    if rows is not None:
        host.journal.append(STRAYS, rows=rows)


def clean_up(site, session):
    """After a failure before the switch: nothing of it may stay in the database."""
    take_lock(site, session, LOCK_WAIT_S)
    leftovers.drop_copies(site, session)
    trial.remove(site)
