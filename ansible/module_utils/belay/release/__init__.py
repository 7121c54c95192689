"""A release on the host where it is built, and the folders of releases."""
