"""What a code tree consists of, in the words of its own files: plugins, themes, commit."""
from __future__ import annotations

import os
import re
from typing import Dict, Optional

from ..host import php

_HEADER_BYTES = 8192


def plugins(top: str, code: Dict[str, str]) -> Dict[str, str]:
    """Plugin's main file below wp-content/plugins -> version, as WordPress finds them."""
    found = {}
    for path in code:
        match = re.fullmatch(r"wp-content/plugins/((?:[^/]+/)?[^/]+\.php)", path)
        header = _header(top, path, "Plugin Name") if match else None
        if match and header is not None:
            found[match.group(1)] = header
    return found


def installed_plugins(top: str) -> Dict[str, str]:
    """As `plugins`, of a code tree whose files nobody has listed."""
    folder, found = os.path.join(top, "wp-content", "plugins"), []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if os.path.isdir(folder) else []:
        inside = [f"{entry.name}/{name}" for name in sorted(os.listdir(entry.path))] if entry.is_dir(follow_symlinks=False) else [entry.name]
        found += [f"wp-content/plugins/{name}" for name in inside if name.endswith(".php") and os.path.isfile(os.path.join(folder, name))]
    return plugins(top, dict.fromkeys(found, ""))


def themes(top: str, code: Dict[str, str]) -> Dict[str, str]:
    """Theme's folder -> version."""
    found = {}
    for path in code:
        match = re.fullmatch(r"wp-content/themes/(.+)/style\.css", path)
        header = _header(top, path, "Theme Name") if match else None
        if match and header is not None:
            found[match.group(1)] = header
    return found


def _header(top: str, path: str, required: str) -> Optional[str]:
    """The version in a file's header ("" when it says none), or None when the header does not name the thing."""
    with open(os.path.join(top, path), "rb") as file:
        text = file.read(_HEADER_BYTES).decode(errors="replace").replace("\r", "\n")
    if re.search(r"^[ \t/*#@]*%s:.*\S" % required, text, re.M | re.I) is None:
        return None
    version = re.search(r"^[ \t/*#@]*Version:(.*)$", text, re.M | re.I)
    return re.sub(r"\s*(?:\*/|\?>).*", "", version.group(1)).strip() if version else ""


def commit(top: str) -> Optional[str]:
    """The commit that the tree says it was built from."""
    try:
        with open(os.path.join(top, "REVISION"), encoding="utf-8", errors="replace") as file:
            return file.read(200).strip() or None
    except (FileNotFoundError, IsADirectoryError):
        return None


def php_version() -> str:
    """The version of PHP's command line on this host."""
    return php.ask("echo json_encode(['version' => PHP_VERSION]);", {})["version"]
