"""Runs a part of what ships and says how long it took: measure.py WHAT --site ROOT --socket SOCKET [options].

WHAT is `tables`, `files`, `stat`, `localise` or `baseline`. One JSON object on stdout; `seconds` counts from before the first connection is
opened to the result, without the start of Python.
"""
import argparse
import json
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../ansible/module_utils")]

from belay.fingerprint.filemeasure import measure as measure_files  # noqa: E402
from belay.fingerprint.fingerprint import compare  # noqa: E402
from belay.scope.look import Look  # noqa: E402
from belay.database.mysql import Session  # noqa: E402
from belay.scope.rules import Rules  # noqa: E402
from belay.host.site import Credentials, Site  # noqa: E402
from memory import Watch  # noqa: E402

SCHEMA, PREFIX, UPLOADS = "bench", "wp_", "wp-content/uploads"
#: As src/core/jobs.ts sets it.
ROW_LIMIT = 5000


def main():
    options = _options()
    site = _site(options)
    with Watch() if options.memory else _Unwatched() as memory:
        answer = COMMANDS[options.what](site, options)
    print(json.dumps({**answer, "peak_rss_mb": memory.peak_mb()}))


def _tables(site, options):
    """Every table of the site, as a drift check measures them."""
    found, seconds = _compared(site, options, Look())
    return {"seconds": seconds, "rows": _rows(found.fingerprint)}


def _compared(site, options, look, **rules):
    """A whole check and its seconds; the site has no protected path here unless `rules` say so."""
    started = time.perf_counter()
    with Session(site) as session:
        found = compare(site, session, _rules(options, **{"protected_paths": [], **rules}), look)
    return found, time.perf_counter() - started


def _files(site, options):
    started = time.perf_counter()
    found = measure_files(site, _rules(options), UPLOADS, Look(full=options.full)).facts
    return {"seconds": time.perf_counter() - started, **{name: found[name] for name in ("files", "bytes", "digest")}}


def _stat(site, _):
    """The least that any check of files does: list every folder and look at every file."""
    started = time.perf_counter()
    number = _walk(os.path.realpath(f"{site.tree}/{UPLOADS}"))
    return {"seconds": time.perf_counter() - started, "files": number}


def _baseline(site, options):
    """What stays on the host and what travels to the bot when a baseline of tables and files is recorded."""
    index = os.path.join(site.belay, "index")
    shutil.rmtree(index, ignore_errors=True)
    measured, seconds = _compared(site, options, Look(full=True, keep_index=True), protected_paths=[UPLOADS])
    found = measured.fingerprint
    return {
        "seconds": seconds, "rows": _rows(found), "files": found["files"][UPLOADS]["files"],
        "fingerprint_bytes": len(json.dumps(found)), "chunk_bytes": sum(len(part.get("chunks", "")) for _, _, part in _parts(found)),
        "row_index_bytes": _bytes(index, ".rows"), "file_index_bytes": _bytes(index, ".files"),
    }


def _localise(site, options):
    """Checks after three rows changed, without and with a comparison row by row; `found` is how many of the three were named."""
    shutil.rmtree(os.path.join(site.belay, "index"), ignore_errors=True)
    before, _ = _compared(site, options, Look(keep_index=True))
    digests = {}
    for table, kind, part in _parts(before.fingerprint):
        if "row_hashes" not in part:
            digests.setdefault(table, {})[kind] = part["digest"]
    comparing = Look(baseline_index={"tables": digests, "files": {}, "code": None})
    rows = _chosen(before.fingerprint)
    plain, compared, found = [], [], set()
    _change(site, rows, "+")
    try:
        for _ in range(options.rounds):
            plain.append(_compared(site, options, Look())[1])
            measured, seconds = _compared(site, options, comparing)
            compared.append(seconds)
            found = {(table, int(key["key"])) for table, parts in measured.differences["tables"].items() for part in parts.values() for key in part["keys"]}
    finally:
        _change(site, rows, "-")
    named = len(found) if found == {(table, key) for table, _, key in rows} else 0
    return {"plain_s": plain, "compared_s": compared, "found": named}


def _chosen(found):
    """Three rows: (table, column of the key, key)."""
    posts, meta = (sum(part["rows"] for name, _, part in _parts(found) if name == table) for table in ("posts", "postmeta"))
    return [("posts", "ID", posts // 3), ("posts", "ID", posts - 7), ("postmeta", "meta_id", meta // 2)]


def _change(site, rows, sign):
    column = {"posts": "comment_count", "postmeta": "post_id"}
    with Session(site) as session:
        for table, key, value in rows:
            session.execute(f"UPDATE {PREFIX}{table} SET {column[table]} = {column[table]} {sign} 1 WHERE {key} = {value}")


def _parts(found):
    """(table, class, part) of every part."""
    return [(table, kind, part) for table, facts in found["tables"].items() for kind, part in facts["parts"].items()]


def _bytes(folder, ending):
    return sum(item.stat().st_size for item in os.scandir(folder) if item.name.endswith(ending))


def _walk(folder):
    number = 0
    with os.scandir(folder) as listing:
        for item in listing:
            if item.is_dir(follow_symlinks=False):
                number += _walk(item.path)
            else:
                item.stat(follow_symlinks=False)
                number += 1
    return number


def _site(options):
    """Not `Site.open`, which becomes the site's owner: the data set is root's."""
    access = Credentials("localhost", 3306, options.socket, "root", SCHEMA, "")
    return Site(options.site, "https://bench.example", SCHEMA, PREFIX, os.geteuid(), os.getegid(), access)


def _rules(options, **more):
    """Every table is protected, as content-protect has it for the two large ones."""
    return Rules.of({
        "table_rules": [{"pattern": "*", "class": "editorial", "origin": "preset", "rows": [], "ignore_columns": []}],
        "option_rules": [{"pattern": "*", "class": "config", "origin": "catalog"}],
        "protected_paths": [UPLOADS], "volatile_paths": [], "shared_paths": ["wp-config.php", UPLOADS],
        "reference_options": {}, "row_limit": ROW_LIMIT, "workers": options.workers, **more,
    })


def _rows(found):
    return sum(part["rows"] for _, _, part in _parts(found))


class _Unwatched:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def peak_mb(self):
        return None


def _options():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=sorted(COMMANDS))
    parser.add_argument("--site", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="of `localise`")
    parser.add_argument("--full", action="store_true", help="read every file")
    parser.add_argument("--memory", action="store_true", help="watch memory; do not use the seconds of such a run")
    return parser.parse_args()


COMMANDS = {"tables": _tables, "files": _files, "stat": _stat, "baseline": _baseline, "localise": _localise}

if __name__ == "__main__":
    main()
