"""Reading files that are strange, in the way, or moving."""
import hashlib
import os
import random
import time
import unittest
from unittest import mock

from belay.files import filehash, files, filethreads, filewalk
from belay.errors import BelayError
from belay.scope.excluded import Excluded
from belay.scope.look import Look
from tests.filetrees import NAMES, TreeTest, entries, plain, rules

SEED = int(os.environ.get("BELAY_SEED", time.time_ns() % 10**6))
NOBODY = 65534


class ScanTest(TreeTest):
    def code_of(self, given=None):
        with self.assertRaises(BelayError) as caught:
            self.facts(given=given)
        return caught.exception.code

    def test_names_of_any_bytes(self):
        for number, name in enumerate(NAMES):
            self.write(f"{name}/{name}", str(number).encode())
            self.write(f"{name}.{number}", b"")
        found = self.facts()
        self.assertEqual(found["entries"], entries(plain(self.top)))
        self.assertEqual(found, files.summary(files.scan(self.top), 10**6))

    def test_a_file_with_a_hole_is_its_zeros(self):
        with open(self.write("sparse"), "r+b") as file:
            file.truncate(3_000_000)
            file.seek(2_000_000)
            file.write(b"end")
        content = b"x" + bytes(1_999_999) + b"end" + bytes(999_997)
        found = self.facts()
        self.assertEqual((found["bytes"], found["entries"]["sparse"]), (3_000_000, hashlib.sha256(content).hexdigest()[:24]))

    def test_sizes_around_the_buffer(self):
        for size in (0, 1, filehash.BUFFER - 1, filehash.BUFFER, filehash.BUFFER + 1, 2 * filehash.BUFFER):
            self.write(str(size), os.urandom(size))
        self.assertEqual(self.facts()["entries"], entries(plain(self.top)))

    def test_any_number_of_workers_gives_the_same(self):
        for number in range(300):
            self.write(f"{number % 17}/{number}", os.urandom(number * 3))
        found = [self.facts(given=rules(workers=workers)) for workers in (0, 1, 2, 7)]
        self.assertEqual(found, [found[0]] * 4)
        self.assertEqual(found[0]["entries"], entries(plain(self.top)))

    def test_files_that_come_from_the_disk_are_announced(self):
        for number in range(100):
            self.write(f"{number}", os.urandom(50))
        os.symlink("none", os.path.join(self.top, "link"))
        announced, counter = [], iter(range(10**6))
        self.wrap(filethreads, "_from_disk", lambda real: next(counter))
        self.wrap(filethreads, "_announce", lambda real, path: (announced.append(path), real(path)))
        with mock.patch.object(filethreads.os, "posix_fadvise", side_effect=OSError(22, "Invalid argument")):
            self.assertEqual(self.facts(given=rules(workers=1))["entries"], entries(plain(self.top)))
        self.assertEqual(self.facts(given=rules(workers=1), look=Look(full=True))["entries"], entries(plain(self.top)))
        self.assertGreater(len(announced), 100)
        filethreads._announce(os.fsencode(os.path.join(self.top, "none")))

    def test_links_inside_dangling_and_going_round(self):
        self.write("a/file")
        for name, target in (("inside", "a/file"), ("dangling", "a/none"), ("a/round", "../a/round"), ("folder", "a"), ("odd", os.fsdecode(b"a/\xff\n"))):
            os.symlink(target, os.path.join(self.top, name))
        self.assertEqual(self.facts()["entries"], entries(plain(self.top)))

    def test_a_link_that_leads_out(self):
        os.symlink("/etc/hostname", os.path.join(self.top, "out"))
        self.assertEqual(self.code_of(), "LINK_ESCAPES")
        self.assertEqual(self.facts(given=rules(volatile=["uploads/out"]))["files"], 0)

    def test_a_link_to_where_nobody_looks(self):
        beside = os.path.join(self.site.root, "beside")
        os.makedirs(beside)
        for folder in (self.top, self.site.tree):
            os.symlink(beside, os.path.join(folder, "media"))
        self.assertEqual(self.code_of(), "LINK_UNMEASURED")
        self.facts(given=rules(protected=["uploads", "media"]))

    def test_a_link_that_begins_to_lead_out(self):
        os.makedirs(os.path.join(self.top, "a"))
        os.symlink("a/b", os.path.join(self.top, "sly"))
        self.later()
        self.facts()
        os.symlink("/etc", os.path.join(self.top, "a/b"))
        self.assertEqual(self.code_of(given=rules(volatile=["uploads/a"])), "LINK_ESCAPES")

    def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(self):
        path = self.write("file")

        def swapped(real, which):
            if not os.path.exists(path + ".old"):
                os.rename(path, path + ".old")
                os.mkfifo(path)
            return real(which)

        self.wrap(filehash, "_open", swapped)
        self.assertEqual(self.code_of(), "FILE_UNSTABLE")

    def test_a_link_that_takes_the_place_of_a_file_is_not_followed(self):
        path = self.write("file")

        def swapped(real, which):
            if not os.path.islink(path):
                os.unlink(path)
                os.symlink("/etc/hostname", path)
            return real(which)

        self.wrap(filehash, "_open", swapped)
        self.assertEqual(self.code_of(), "FILE_UNSTABLE")

    def test_a_write_within_one_tick_of_the_clock_is_seen(self):
        for number in range(20):
            path, done = self.write(f"file{number}", b"old"), []

            def written(real, handle):
                digest = real(handle)
                if not done:
                    done.append(1)
                    with open(path, "r+b") as file:
                        file.write(b"new")
                return digest

            with mock.patch.object(filehash, "_digest", (lambda real: lambda handle: written(real, handle))(filehash._digest)):
                self.assertEqual(filehash.hashed(os.fsencode(path)).digest, hashlib.sha256(b"new").digest())

    def test_how_long_a_fresh_file_waits(self):
        def waited(ctime, now):
            slept = []
            status = mock.Mock(st_ctime_ns=ctime)
            return filehash._settle(status, now, slept.append), slept

        moment = 1_000_000_000_500_000_000
        self.assertEqual(waited(moment, moment + filehash.TICK_NS), (False, []))
        self.assertEqual(waited(moment, moment + 5_000_000), (True, [0.015]))
        self.assertEqual(waited(moment, moment - 1), (False, []))
        self.assertEqual(waited(10**18, 10**18 + 500_000_000), (True, [1.5]))

    def test_files_and_folders_that_cannot_be_read(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        file = self.write("folder/file")
        os.chmod(self.site.root, 0o755)
        os.chmod(self.site.belay, 0o777)
        for path, mode in ((file, 0o000), (os.path.dirname(file), 0o000), (os.path.dirname(file), 0o444)):
            with self.subTest(path=path, mode=mode):
                before = os.stat(path).st_mode
                os.chmod(path, mode)
                self.assertEqual(_as_nobody(self.code_of), "FILE_UNREADABLE")
                os.chmod(path, before)
        self.assertEqual(_as_nobody(lambda: str(self.facts()["files"])), "1")

    def test_files_of_somebody_else_are_read_without_a_right_to_hide_it(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        self.write("file")
        os.chmod(self.site.root, 0o755)
        os.chmod(self.site.belay, 0o777)
        self.assertEqual(_as_nobody(lambda: self.facts()["entries"]["file"]), entries(plain(self.top))["file"])

    def test_folders_that_go_while_they_are_looked_at(self):
        for number in range(5):
            self.write(f"{number}/file")

        def removed(real, path):
            if path.endswith(b"/3"):
                os.unlink(os.path.join(path, b"file"))
                os.rmdir(path)
            return real(path)

        with mock.patch.object(filewalk.os, "listdir", (lambda real: lambda path: removed(real, path))(os.listdir)):
            found = self.facts()
        self.assertEqual(sorted(found["entries"]), ["0/file", "1/file", "2/file", "4/file"])

    def test_the_error_of_one_file_among_many(self):
        for number in range(400):
            self.write(f"{number}")
        bad = os.fsencode(os.path.join(self.top, "200"))

        def failing(real, path):
            if path == bad:
                raise OSError(5, "Input/output error")
            return real(path)

        self.wrap(filehash, "_open", failing)
        self.assertEqual(self.code_of(), "FILE_UNREADABLE")


class ExcludedTest(unittest.TestCase):
    def test_names_of_a_folder_as_whole_paths_say(self):
        chance = random.Random(SEED)
        for _ in range(500):
            patterns = ["/".join(chance.choice(["a", "b", "*", "?", "a*", "a?c", "é", "?b"]) for _ in range(chance.randrange(1, 4))) for _ in range(4)]
            excluded = Excluded(patterns)
            folder = "/".join(chance.choice(["a", "b", "abc"]) for _ in range(chance.randrange(3)))
            if folder in excluded:
                continue
            names = [name.encode() for name in ("a", "b", "abc", "aéc", "é", "xb", "éb", "c")]
            kept = [name for name in names if "/".join(filter(None, (folder, name.decode()))) not in excluded]
            self.assertEqual(excluded.kept(folder, names), kept, (SEED, patterns, folder))

    def test_a_part_that_is_left_out_whole(self):
        self.assertEqual(files.scan(os.path.dirname(__file__), ["a"], base="a/b"), {})


def _as_nobody(func):
    """What `func` answers (text) in a process without rights."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writer, func().encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


if __name__ == "__main__":
    unittest.main()
