"""The fingerprint of a whole environment."""
