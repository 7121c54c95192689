"""The way back: what a source takes over from its target."""
