"""Promotion, rollback, recovery and the watchdog."""
