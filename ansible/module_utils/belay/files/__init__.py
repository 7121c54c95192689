"""Files by content: listings, the memory of earlier looks."""
