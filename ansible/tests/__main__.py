"""Runs the host's tests, each module in a process of its own, one more at once than there are processors: `python3 ansible/tests [module ...]`.

A module waits more than it computes (for servers that start, for clocks that must pass), and shares nothing with another one.
Prints what a module said only when it failed; the last line is `N passed, N failed`, as the other parts of the suite end.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class Ran(NamedTuple):
    """What became of one module: tests that `passed` and `failed`, the `skipped` beside them, and all that it said."""

    module: str
    passed: int
    failed: int
    skipped: int
    said: str


def run(module: str) -> Ran:
    """A module that dies without a count is one failure."""
    ended = subprocess.run(
        [sys.executable, "-m", "unittest", "tests." + module],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )
    return judge(module, ended.returncode, ended.stdout)


def judge(module: str, code: int, said: str) -> Ran:
    """Reads unittest's closing lines."""
    ran = re.findall(r"^Ran (\d+) tests? in", said, re.MULTILINE)
    closing = said.rsplit("\nRan ", 1)[-1]
    failed, skipped = (_count(closing, words) for words in (("failures", "errors", "unexpected successes"), ("skipped",)))
    if code != 0:
        failed = max(failed, 1)
    count = int(ran[-1]) if ran else 0
    return Ran(module, max(count - failed - skipped, 0), failed, skipped, said)


def _count(closing: str, words: tuple) -> int:
    return sum(int(number) for word in words for number in re.findall(r"(?<!expected )\b%s=(\d+)" % word, closing))


def modules() -> list:
    """Longest files first: they tend to take longest, and the last one to end decides when all have."""
    names = [name[:-3] for name in os.listdir(HERE) if name.startswith("test_") and name.endswith(".py")]
    return sorted(names, key=lambda name: os.path.getsize(os.path.join(HERE, name + ".py")), reverse=True)


def main(wanted: list) -> int:
    results = []
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        for future in as_completed([pool.submit(run, name) for name in wanted or modules()]):
            result = future.result()
            results.append(result)
            print("%-32s %4d passed %3d failed %3d skipped" % result[:4], flush=True)
            if result.failed:
                print(result.said, flush=True)
    print("\n%d passed, %d failed" % (sum(r.passed for r in results), sum(r.failed for r in results)))
    return 1 if not results or any(r.failed for r in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
