"""Tables by content: rows, chunks, indexes (docs/fingerprint.md)."""
