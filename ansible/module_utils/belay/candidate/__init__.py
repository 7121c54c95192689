"""The new code on a scratch view of the target, before any visitor meets it."""
