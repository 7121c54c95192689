"""PHP CLI as a child process, with the host's own php.ini, but never inside the hold of the site that it looks at."""
from __future__ import annotations

import json
import subprocess

from ..errors import BelayError

#: Empty prepend: the hold would make this process wait for the switch that it may be part of.
OPTIONS = [
    "-d", "auto_prepend_file=", "-d", "auto_append_file=", "-d", "display_errors=stderr", "-d", "html_errors=0",
    "-d", "memory_limit=-1", "-d", "max_execution_time=0", "-d", "log_errors=0",
    # What PHP says of an error goes into reports: never with the arguments of calls, of which one may be a password.
    "-d", "zend.exception_ignore_args=1",
]


def start(program: str, stderr) -> subprocess.Popen:
    """Starts PHP with this program (without `<?php`); it talks over standard input and output."""
    try:
        return subprocess.Popen(
            ["php", *OPTIONS, "-r", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, cwd="/"
        )
    except FileNotFoundError as error:
        raise BelayError("TOOL_MISSING", "PHP's command line is not installed on this host.", "Install php-cli and php-mysql.") from error


def ask(program: str, question: dict, timeout_s: float = 60.0) -> dict:
    """Sends one JSON object to a program and returns the JSON object on the last line of its output.

    Raises BelayError PHP_FAILED with PHP's own words when there is none, PHP_TIMEOUT after `timeout_s`.
    """
    process = start(program, subprocess.PIPE)
    try:
        out, err = process.communicate(json.dumps(question).encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise BelayError("PHP_TIMEOUT", f"PHP did not answer within {timeout_s:g} s.", "Look for what blocks PHP on this host.") from error
    try:
        return json.loads(out.decode("utf-8", "replace").rstrip().rpartition("\n")[2])
    except ValueError as error:
        words = (err + out).decode("utf-8", "replace").strip()[-500:] or f"no output, exit code {process.returncode}"
        raise BelayError("PHP_FAILED", f"PHP ended without an answer: {words}", "Run the site's PHP by hand and mend what it reports.") from error
