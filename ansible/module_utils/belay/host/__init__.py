"""The host itself: its files, processes, locks, PHP, and the journal of what is done on it."""
