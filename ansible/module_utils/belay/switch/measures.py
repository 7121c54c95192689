"""How the steps on a host look at an environment: the job's rules, turned into the questions that a switch asks."""
from ..bundle.unpack import stored_manifest
from ..fingerprint import fingerprint
from . import leftovers, promote, recheck
from .appended import appended
from .ended import goal
from ..fingerprint.filemeasure import measure_code
from .preflight import check_code
from ..scope.look import Look
from ..scope.rules import Rules
from ..tables.table_fingerprint import table_fingerprint


def looks(site, params):
    """The Measures of a switch."""
    rules = Rules.of(params)
    return promote.Measures(
        table=lambda session, full, table: table_fingerprint(session, site, rules, full, table),
        options=lambda session, full, names: fingerprint.options_fingerprint(session, site, rules, full, names),
    )


def expected(site, params):
    """What the drift check saw and the hold has to see again."""
    measures = looks(site, params)

    def parts_of(session, table):
        full = site.prefix + table
        parts = measures.table(session, full, table)["parts"] if leftovers.exists(session, full) else {}
        return {name: part["digest"] for name, part in parts.items()}

    def hashes_of(session, names):
        found = measures.options(session, site.prefix + fingerprint.OPTIONS, names)
        return {name: entry["hash"] for name, entry in found.items()}

    def code(release):
        manifest = stored_manifest(site, goal(params).release) or {"code": {}}
        check_code(site, release, code_edits(site, params, release), manifest["code"])

    rows = appended(site, Rules.of(params), params.get("append_only_tables") or {})
    return recheck.Expected(params["expected_tables"], params["expected_options"], frozenset(params["promote_tables"]), parts_of, hashes_of, rows, code)


def code(site, params):
    """FilesFingerprint of the active release, which becomes a baseline's."""
    return measure_code(site, Rules.of(params), Look(keep_index=True)).measured.facts


def code_edits(site, params, release=None):
    """What differs from what was unpacked as a release, which is the active one unless another is named."""
    return measure_code(site, Rules.of(params), release=release).edits or []
