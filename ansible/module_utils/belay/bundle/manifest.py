"""What a release consists of, as canonical JSON: the digest of a release is the SHA-256 of its manifest's bytes."""
from __future__ import annotations

import hashlib
import json


def canonical(value) -> bytes:
    """JSON without white space, its keys sorted by UTF-16 code units (RFC 8785), as src/core/canonical.ts writes it."""
    return json.dumps(_ordered(value), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape")


def digest_of(manifest: dict) -> str:
    """The digest that names the release of this manifest, 64 hexadecimal digits."""
    return digest_of_bytes(canonical(manifest))


def digest_of_bytes(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _ordered(value):
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))}
    return [_ordered(item) for item in value] if isinstance(value, (list, tuple)) else value
