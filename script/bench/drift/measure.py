"""Runs a part of what ships and says how long it took: measure.py WHAT --site ROOT --socket SOCKET [options].

WHAT is `tables`, `files`, `stat`, `localise` or `baseline`. One JSON object on stdout; `seconds` counts from before the first connection is
opened to the result, without the start of Python.
"""
import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../ansible/module_utils")]

from belay.fingerprint import fingerprint, protected_files  # noqa: E402
from belay.mysql import Session  # noqa: E402
from belay.rules import Rules  # noqa: E402
from belay.site import Credentials, Site  # noqa: E402
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
    """Every table of the site, as a drift check measures them; the site has no protected path here."""
    started = time.perf_counter()
    with Session(site) as session:
        found = fingerprint(site, session, _rules(options, protected_paths=[]))
    return {"seconds": time.perf_counter() - started, "rows": _rows(found)}


def _files(site, options):
    started = time.perf_counter()
    found = protected_files(site, _rules(options), UPLOADS)
    return {"seconds": time.perf_counter() - started, "files": found["files"], "bytes": found["bytes"], "digest": found["digest"]}


def _stat(site, _):
    """The least that any check of files does: list every folder and look at every file."""
    started = time.perf_counter()
    number = _walk(os.path.realpath(f"{site.tree}/{UPLOADS}"))
    return {"seconds": time.perf_counter() - started, "files": number}


def _baseline(site, options):
    """What stays on the host and what travels to the bot when a baseline is recorded."""
    started = time.perf_counter()
    with Session(site) as session:
        found = fingerprint(site, session, _rules(options))
    seconds = time.perf_counter() - started
    index = os.path.join(site.belay, "index")
    sizes = {kind: sum(os.path.getsize(item.path) for item in _items(index) if item.name.endswith(kind)) for kind in (".rows", ".files")}
    return {
        "seconds": seconds, "rows": _rows(found), "files": found["files"][UPLOADS]["files"],
        "fingerprint_bytes": len(json.dumps(found)), "chunk_bytes": _chunk_bytes(found),
        "row_index_bytes": sizes[".rows"], "file_index_bytes": sizes[".files"],
    }


def _items(folder):
    return os.scandir(folder) if os.path.isdir(folder) else []


def _chunk_bytes(found):
    return sum(len(part.get("chunks", "")) for table in found["tables"].values() for part in table["parts"].values())


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
    return sum(part["rows"] for table in found["tables"].values() for part in table["parts"].values())


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
    parser.add_argument("--full", action="store_true", help="read every file")
    parser.add_argument("--memory", action="store_true", help="watch memory; do not use the seconds of such a run")
    return parser.parse_args()


COMMANDS = {"tables": _tables, "files": _files, "stat": _stat, "baseline": _baseline}

if __name__ == "__main__":
    main()
