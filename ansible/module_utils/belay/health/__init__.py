"""Whether a site is healthy."""
