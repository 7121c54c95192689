"""What a host remembers of its files is never believed where the file could have changed."""
import contextlib
import hashlib
import os
import random
import resource
import time
import unittest
from unittest import mock

from belay.files import filecache, filehash, filememory, filewalk
from belay.scope.look import Look
from tests.filetrees import HOUR_NS, Gardener, TreeTest, entries, plain, rules

SEED = int(os.environ.get("BELAY_SEED", time.time_ns() % 10**6))


class MemoryTest(TreeTest):
    def remembered(self):
        """Three files that the next look need not read."""
        for name, content in (("a.txt", b"aaaa"), ("b/b.txt", b"bbbb"), ("b/c.txt", b"cccc")):
            self.write(name, content)
        self.later()
        return self.facts()

    def seen(self, name):
        """What the next look says of a file."""
        return self.facts()["entries"].get(name)

    def test_a_second_look_reads_nothing(self):
        first = self.remembered()
        self.assertEqual(self.measured()[1], 0)
        self.assertEqual(self.facts(), first)
        self.assertEqual(first["entries"], entries(plain(self.top)))
        self.write("b/new.txt", b"dddd")
        found, reads = self.measured()
        self.assertEqual((found.facts["entries"], reads), (entries(plain(self.top)), 1))

    def test_any_edits_are_seen_and_nothing_else_is_read(self):
        for seed in range(SEED, SEED + 8):
            with self.subTest(seed=seed), mock.patch.object(filewalk, "RUN_NAMES", 1 + seed % 5):
                self._any_edits(seed)

    def _any_edits(self, seed):
        gardener = Gardener(os.path.join(self.top, str(seed)), seed)
        os.mkdir(gardener.top)
        self.later()
        self.facts()
        known = _states(self.top)
        gardener.grow(60)
        for round_ in range(12):
            self.later()
            known, before = _states(self.top), known
            found, reads = self.measured()
            self.assertEqual(found.facts["entries"], entries(plain(self.top)), round_)
            self.assertEqual(reads, len(known - before))
            for _ in range(gardener.random.randrange(4)):
                gardener.edit()

    def test_a_file_that_was_just_written_is_read_again(self):
        self.write("fresh", b"x")
        self.facts()
        self.assertEqual(self.measured()[1], 1)
        self.later()
        self.assertEqual((self.measured()[1], self.measured()[1]), (1, 0))

    def test_an_edit_that_leaves_every_time_as_it_was(self):
        """A file system whose clock stands still while the first look and the edit happen."""
        path = self.write("racy", b"old!")
        stands = os.stat(path).st_ctime_ns

        def still(real, status):
            device, inode, size, _, _ = filewalk.state_in(real(status))
            return filewalk._STATE.pack(device, inode, size, stands, stands)

        self.wrap(filewalk, "state_of", still)
        self.wrap(filehash, "state_of", still)
        self.facts()
        self.write("racy", b"new!")
        self.later()
        self.assertEqual(self.seen("racy"), hashlib.sha256(b"new!").hexdigest()[:24])

    def test_an_edit_of_the_same_size_with_the_time_set_back(self):
        self.remembered()
        path = os.path.join(self.top, "a.txt")
        status = os.stat(path)
        self.write("a.txt", b"AAAA")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assertEqual(self.seen("a.txt"), hashlib.sha256(b"AAAA").hexdigest()[:24])

    def test_another_file_with_the_same_inode_size_and_time(self):
        self.remembered()
        path = os.path.join(self.top, "b/b.txt")
        status = os.stat(path)
        for _ in range(100):
            os.unlink(path)
            self.write("b/b.txt", b"BBBB")
            if os.stat(path).st_ino == status.st_ino:
                break
            self.write(f"filler/{_}")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assertEqual(self.seen("b/b.txt"), hashlib.sha256(b"BBBB").hexdigest()[:24])

    def test_an_edit_by_another_name_of_the_file(self):
        self.write("a.txt", b"aaaa")
        other = os.path.join(self.site.root, "elsewhere")
        os.link(os.path.join(self.top, "a.txt"), other)
        self.later()
        self.facts()
        with open(other, "r+b") as file:
            file.write(b"AAAA")
        self.assertEqual(self.seen("a.txt"), hashlib.sha256(b"AAAA").hexdigest()[:24])

    def test_a_file_that_becomes_a_link_and_the_other_way_round(self):
        self.write("target")
        os.symlink("target", os.path.join(self.top, "x"))
        self.write("y")
        self.later()
        self.facts()
        for name in ("x", "y"):
            os.unlink(os.path.join(self.top, name))
        self.write("x", b"no link")
        os.symlink("target", os.path.join(self.top, "y"))
        self.assertEqual(self.facts()["entries"], entries(plain(self.top)))
        os.unlink(os.path.join(self.top, "y"))
        os.symlink("x", os.path.join(self.top, "y"))
        self.assertEqual(self.facts()["entries"], entries(plain(self.top)))

    def test_a_full_look_believes_nothing_and_renews_all(self):
        with mock.patch.object(filehash, "_digest", lambda handle: b"\0" * 32):
            wrong = self.remembered()
        self.assertEqual(self.facts(), wrong)
        right, reads = self.measured(Look(full=True))
        self.assertEqual((right.facts["entries"], reads), (entries(plain(self.top)), 3))
        again, reads = self.measured()
        self.assertEqual((again.facts, reads), (right.facts, 0))

    def test_a_damaged_memory_is_not_believed_in_any_part(self):
        right = self.remembered()
        path = self.cache()
        whole = _read(path)
        damaged = [whole[:length] for length in range(len(whole))] + [whole + b"\0", b""]
        damaged += [whole[:n] + bytes([whole[n] ^ 1 << random.Random(n).randrange(8)]) + whole[n + 1 :] for n in range(len(whole))]
        for content in damaged:
            _put(path, content)
            found, reads = self.measured()
            self.assertEqual((found.facts, reads), (right, 3))
        self.assertEqual(self.measured()[1], 0)

    def test_a_memory_of_another_version(self):
        right = self.remembered()
        content = bytearray(_read(self.cache())[:-32])
        content[12] += 1
        body = content[filecache._HEAD.size :]
        _put(self.cache(), bytes(content) + hashlib.sha256(content[: filecache._HEAD.size] + hashlib.sha256(body).digest()).digest())
        found, reads = self.measured()
        self.assertEqual((found.facts, reads), (right, 3))

    def test_a_memory_from_before_the_system_was_started(self):
        self.remembered()
        with mock.patch.object(filecache, "_boot", lambda: "another"):
            self.assertEqual(self.measured()[1], 3)
            self.assertEqual(self.measured()[1], 0)

    def test_a_memory_from_the_future(self):
        self.remembered()
        now = time.time_ns()
        with mock.patch.object(filecache, "_now", lambda: now):
            self.assertEqual(self.measured()[1], 3)

    def test_files_whose_times_lie_in_the_future_are_not_remembered(self):
        path = self.write("from-tomorrow")
        ahead = time.time_ns() + 100 * HOUR_NS
        os.utime(path, ns=(ahead, ahead))
        self.later()
        self.assertEqual((self.measured()[1], self.measured()[1]), (1, 1))

    def test_a_time_that_needs_more_than_64_bits(self):
        path = self.write("far")
        os.utime(path, (0, 13_000_000_000))
        if os.stat(path).st_mtime != 13_000_000_000:
            self.skipTest("this file system has no such times")
        self.later()
        self.assertEqual((self.facts()["bytes"], self.facts()["entries"]), (1, entries(plain(self.top))))

    def test_other_rules_have_another_memory(self):
        self.remembered()
        found, reads = self.measured(given=rules(volatile=[f"{os.path.basename(self.top)}/b"]))
        self.assertEqual((list(found.facts["entries"]), reads), (["a.txt"], 1))
        self.assertEqual(self.measured()[1], 0)

    def test_files_of_other_hosts_are_not_remembered(self):
        device = os.stat(self.top).st_dev
        line = f"36 35 {os.major(device)}:{os.minor(device)} / /mnt rw,noatime shared:1 - {{}} server:/x rw\n"
        for kind, reads in (("nfs4", 3), ("fuse.sshfs", 3), ("ext4", 0)):
            mounts = os.path.join(self.site.root, "mounts")
            _put(mounts, line.format(kind).encode())
            with self.subTest(kind), mock.patch.object(filememory, "_MOUNTS", mounts):
                self.remembered()
                self.assertEqual(self.measured()[1], reads)

    def test_where_the_system_tells_nothing_of_its_mounts(self):
        with mock.patch.object(filememory, "_MOUNTS", os.path.join(self.site.root, "none")):
            self.remembered()
            self.assertEqual(self.measured()[1], 3)

    def test_a_host_that_cannot_remember_measures_all_the_same(self):
        _put(os.path.join(self.site.belay, "cache"), b"a file in the way")
        self.assertEqual(self.remembered()["entries"], entries(plain(self.top)))
        self.assertEqual(self.measured()[1], 3)

    def test_a_disk_that_is_full(self):
        for number in range(50):
            self.write(f"many/{number}")
        with _largest_file(1000):
            self.assertEqual(self.facts()["entries"], entries(plain(self.top)))
        self.assertEqual(os.listdir(os.path.join(self.site.belay, "cache")), [])

    def test_nothing_stays_of_a_look_that_failed(self):
        self.remembered()
        before = _read(self.cache())
        os.mkfifo(os.path.join(self.top, "pipe"))
        with self.assertRaises(Exception):
            self.facts()
        self.assertEqual(_read(self.cache()), before)

    def test_memories_that_nobody_uses_go(self):
        self.remembered()
        old = self.cache() + "0"
        _put(old, b"x")
        os.utime(old, (0, time.time() - 91 * 86400))
        self.write("new")
        self.facts()
        self.assertFalse(os.path.exists(old))
        self.assertTrue(os.path.exists(self.cache()))


def _states(top):
    """(path, what the system tells) of every file."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
    return {(path, filewalk.state_of(os.stat(path))) for path in paths if not os.path.islink(path)}


@contextlib.contextmanager
def _largest_file(size):
    """No file can grow beyond this many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _put(path, content):
    with open(path, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    unittest.main()
