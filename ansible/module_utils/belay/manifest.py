"""What a release consists of, as canonical JSON: the digest of a release is the SHA-256 of its manifest's bytes."""
from __future__ import annotations

import hashlib
import json


def canonical(value) -> bytes:
    """JSON with sorted keys, no white space and UTF-8 as it is; equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(manifest: dict) -> str:
    """The digest that names the release of this manifest, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(manifest)).hexdigest()
