"""The moment in which no PHP request runs: its locks, its link, and which release is active."""
