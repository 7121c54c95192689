"""Symbolic links that change in one step and survive a power cut."""
import os


def replace_link(path, text):
    """Make `path` a link with this text, whether or not it is one already; readers see the old or the new one."""
    temporary = f"{path}.{os.getpid()}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    os.symlink(text, temporary)
    os.rename(temporary, path)


def sync_folder(path):
    """Have the names in this folder written to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
