"""Trees of files: content, links, exclusions, files that change while they are read."""
import hashlib
import os
import shutil
import tempfile
import unittest
from unittest import mock

from belay.files import filehash, files
from belay.errors import BelayError


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-files-")
        self.addCleanup(shutil.rmtree, self.root)
        self.tree = os.path.join(self.root, "tree")
        for name, content in (("index.php", b"1"), ("a/b.txt", b"2"), ("a/cache/x", b"3"), ("uploads/2024/p.png", b"4")):
            self.write(name, content)

    def write(self, name, content):
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def code_of(self, *arguments, **named):
        with self.assertRaises(BelayError) as caught:
            files.tree(*arguments, **named)
        return caught.exception.code

    def test_content_by_path_without_what_is_excluded(self):
        found = files.tree(self.tree, ["uploads", "a/cac*"])
        self.assertEqual(found, {"index.php": hashlib.sha256(b"1").hexdigest(), "a/b.txt": hashlib.sha256(b"2").hexdigest()})
        self.assertIn("a/b.txt", files.tree(self.tree, ["b.txt", "a/b", "*.txt"]))

    def test_exclusions_of_a_part_are_named_from_the_whole(self):
        self.assertEqual(list(files.scan(os.path.join(self.tree, "a"), ["a/cache"], base="a")), ["b.txt"])

    def test_a_missing_folder_is_empty_and_a_file_is_itself(self):
        self.assertEqual(files.tree(os.path.join(self.tree, "none")), {})
        self.assertEqual(list(files.tree(os.path.join(self.tree, "index.php"))), ["index.php"])

    def test_links_are_their_target_and_stay_inside(self):
        os.symlink("b.txt", os.path.join(self.tree, "a/inner"))
        os.symlink("../uploads", os.path.join(self.tree, "a/folder"))
        found = files.tree(self.tree)
        self.assertEqual((found["a/inner"], found["a/folder"]), ("link:b.txt", "link:../uploads"))
        self.assertNotIn("a/folder/2024/p.png", found)
        os.symlink("../../outside", os.path.join(self.tree, "a/outer"))
        self.assertEqual(self.code_of(self.tree), "LINK_ESCAPES")
        self.assertIn("a/outer", files.tree(self.tree, inside=self.root))

    def test_a_link_beside_the_tree_is_outside(self):
        os.mkdir(os.path.join(self.root, "tree2"))
        os.symlink("../tree2", os.path.join(self.tree, "sly"))
        self.assertEqual(self.code_of(self.tree), "LINK_ESCAPES")

    def test_a_file_that_keeps_changing(self):
        path = self.write("log", b"")
        real = filehash._digest

        def growing(handle):
            with open(path, "ab") as log:
                log.write(b"x")
            return real(handle)

        with mock.patch.object(filehash, "_digest", growing):
            self.assertEqual(self.code_of(self.tree), "FILE_UNSTABLE")

    def test_a_file_that_changes_once_is_read_again(self):
        path, real, times = self.write("log", b"old"), filehash._digest, []

        def once(handle):
            value = real(handle)
            if os.path.samestat(os.fstat(handle), os.stat(path)) and not times:
                times.append(1)
                with open(path, "wb") as log:
                    log.write(b"newer")
            return value

        with mock.patch.object(filehash, "_digest", once):
            self.assertEqual(files.tree(self.tree)["log"], hashlib.sha256(b"newer").hexdigest())

    def test_a_file_that_is_removed_after_it_was_listed(self):
        path, real = self.write("gone", b"x"), filehash._open

        def removed(which):
            if which == os.fsencode(path) and os.path.exists(path):
                os.unlink(path)
            return real(which)

        with mock.patch.object(filehash, "_open", removed):
            found = files.scan(self.tree)
        self.assertEqual((sorted(found), files.summary(found, 9)["bytes"]), (["a/b.txt", "a/cache/x", "index.php", "uploads/2024/p.png"], 4))

    def test_no_ordinary_file(self):
        os.mkfifo(os.path.join(self.tree, "pipe"))
        self.assertEqual(self.code_of(self.tree), "FILE_UNSUPPORTED")

    def test_a_file_that_cannot_be_read(self):
        with mock.patch.object(filehash, "_open", side_effect=PermissionError(13, "Permission denied")):
            self.assertEqual(self.code_of(self.tree), "FILE_UNREADABLE")

    def test_summary(self):
        entries = files.scan(self.tree)
        whole, limited = files.summary(entries, 4), files.summary(entries, 3)
        self.assertEqual((whole["files"], whole["bytes"], len(whole["entries"])), (4, 4, 4))
        self.assertEqual(whole["entries"]["index.php"], hashlib.sha256(b"1").hexdigest()[:24])
        self.assertEqual((limited["digest"], "entries" in limited), (whole["digest"], False))
        os.rename(os.path.join(self.tree, "index.php"), os.path.join(self.tree, "other.php"))
        self.assertNotEqual(files.summary(files.scan(self.tree), 4)["digest"], whole["digest"])

    def test_names_that_are_no_utf8(self):
        self.write(os.fsdecode(b"caf\xe9"), b"x")
        self.assertIn("caf\\xe9", files.summary(files.scan(self.tree), 10)["entries"])

    def test_differences(self):
        found = files.differences({"same": "1", "edited": "1", "gone": "1", "logs/x": "1"}, {"same": "1", "edited": "2", "new": "1"}, ["logs"])
        self.assertEqual(found, [{"path": "edited", "change": "changed"}, {"path": "gone", "change": "removed"}, {"path": "new", "change": "added"}])


if __name__ == "__main__":
    unittest.main()
