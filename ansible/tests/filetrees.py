"""Trees of files for tests: a folder laid out like a site, random edits, and the plain way to say what is there."""
import hashlib
import os
import random
import shutil
import tempfile
import time
import types
import unittest
from unittest import mock

from belay.files import filecache, filehash

from belay.fingerprint import filemeasure
from belay.files.listing import LINK
from belay.scope.look import Look
from belay.scope.rules import Rules
from belay.text import readable

PATH = "uploads"
HOUR_NS = 3_600_000_000_000
NAMES = ["a", "a.b", "a-b", "a b", "B", "z", "é", "new\nline", "back\\slash", os.fsdecode(b"caf\xe9"), "a0", "~", "%41"]


def rules(volatile=(), limit=10**6, workers=2, protected=(PATH,)):
    return Rules((), (), tuple(protected), tuple(volatile), (PATH,), {}, limit, workers)


class TreeTest(unittest.TestCase):
    """`self.site` is enough of a Site for files; `self.reads` the files that were read, in any order."""

    def setUp(self):
        root = tempfile.mkdtemp(prefix="belay-files-")
        self.addCleanup(shutil.rmtree, root)
        tree = os.path.join(root, "releases/00000000000a")
        self.top = os.path.join(tree, PATH)
        os.makedirs(self.top)
        belay = os.path.join(root, ".belay")
        os.mkdir(belay)
        self.site = types.SimpleNamespace(root=root, tree=tree, belay=belay, active_release=lambda: "00000000000a")
        self.reads = []
        self.wrap(filehash, "_open", lambda real, path: (self.reads.append(path), real(path))[1])

    def wrap(self, module, name, around):
        """Calls `around(real function, arguments...)` instead of a function, until the test ends."""
        real = getattr(module, name)
        patch = mock.patch.object(module, name, lambda *arguments: around(real, *arguments))
        patch.start()
        self.addCleanup(patch.stop)

    def later(self):
        """From here on it is an hour later, to those who begin a look: what was written until now has long been still."""
        now = filecache._now
        patch = mock.patch.object(filecache, "_now", lambda: now() + HOUR_NS)
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, name, content=b"x"):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def measured(self, look=Look(), given=None):
        """Measured, and how many files were read for it."""
        self.reads.clear()
        found = filemeasure.measure(self.site, given or rules(), PATH, look)
        return found, len(self.reads)

    def facts(self, look=Look(), given=None):
        return self.measured(look, given)[0].facts

    def cache(self):
        """The one memory of this site."""
        folder = os.path.join(self.site.belay, "cache")
        (name,) = os.listdir(folder)
        return os.path.join(folder, name)


def plain(top):
    """{relative path: SHA-256 or `link:<target>`}, read in the plainest way."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in names + folders:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[os.path.relpath(path, top)] = LINK + os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, top)] = hashlib.sha256(file.read()).hexdigest()
    return found


def entries(listing):
    """As FilesFingerprint has them."""
    return {
        readable(os.fsencode(name)): hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:24] if value.startswith(LINK) else value[:24]
        for name, value in listing.items()
    }


def changes(was, now):
    """RowChanges of two plain listings, with all keys, sorted."""
    keys = [("+", name) for name in now if name not in was] + [("-", name) for name in was if name not in now]
    keys += [("~", name) for name in now if name in was and was[name] != now[name]]
    count = {kind: sum(1 for change, _ in keys if change == kind) for kind in "+~-"}
    told = sorted((change, readable(os.fsencode(name))) for change, name in keys)
    return {"added": count["+"], "changed": count["~"], "removed": count["-"], "keys": told}


def sorted_keys(found):
    return {**found, "keys": sorted((key["change"], key["key"]) for key in found["keys"])}


class Gardener:
    """Makes a tree and edits it at random, in ways by which a file may hide that it changed."""

    def __init__(self, top, seed):
        self.top, self.random = top, random.Random(seed)

    def grow(self, count):
        for _ in range(count):
            self._new()

    def edit(self):
        """One random edit."""
        files = [path for path in self._paths() if os.path.isfile(path) and not os.path.islink(path)]
        choices = [self._new, self._new_link]
        if len(files) > 1:
            choices += [self._rewrite, self._rewrite_quietly, self._replace, self._remove, self._swap, self._touch, self._rename, self._clear, self._hard_link]
        self.random.choice(choices)(*self.random.sample(files, min(2, len(files))))

    def _paths(self):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.top) for name in names)

    def _free(self):
        folder = os.path.join(self.top, *(self.random.choice(NAMES) for _ in range(self.random.randrange(3))))
        path = os.path.join(folder, self.random.choice(NAMES) + str(self.random.randrange(30)))
        try:
            os.makedirs(folder, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            return os.path.join(self.top, f"free{time.monotonic_ns()}")
        return path if not os.path.lexists(path) else path + str(time.monotonic_ns())

    def _new(self, *_):
        self._write(self._free(), self.random.randrange(5))

    def _write(self, path, size):
        with open(path, "wb") as file:
            file.write(bytes(self.random.choice(b"xyz") for _ in range(size)))

    def _new_link(self, *_):
        os.symlink(self.random.choice(NAMES), self._free())

    def _rewrite(self, path, *_):
        self._write(path, self.random.randrange(5))

    def _rewrite_quietly(self, path, *_):
        """The same size, and the time of the content set back."""
        status = os.stat(path)
        self._write(path, status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _replace(self, path, *_):
        """Another file with the same size and the same time of the content."""
        status, other = os.stat(path), self._free()
        self._write(other, status.st_size)
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.rename(other, path)

    def _remove(self, path, *_):
        os.unlink(path)

    def _swap(self, one, other):
        free = self._free()
        os.rename(one, free)
        os.rename(other, one)
        os.rename(free, other)

    def _touch(self, path, *_):
        os.utime(path)

    def _rename(self, path, *_):
        os.rename(path, self._free())

    def _clear(self, path, *_):
        folder = os.path.dirname(path)
        if folder != self.top:
            shutil.rmtree(folder)

    def _hard_link(self, path, *_):
        os.link(path, self._free())
