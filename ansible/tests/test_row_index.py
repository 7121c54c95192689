"""The index of a baseline: it proves itself, and what does not is never used."""
import errno
import os
import random
import shutil
import tempfile
import time
import tracemalloc
import unittest
from hashlib import sha256
from types import SimpleNamespace
from unittest import mock

from belay.tables import row_matcher, sorted_runs
from belay.tables.chunks import Chunk, ChunkList, are_told, packed, part_digest, read_varint, runs, unzigzag, varint, zigzag
from belay.scope.index_folder import UNUSED_S, IndexFolder
from belay.tables.row_index import open_index
from belay.tables.row_index_form import Corrupt
from belay.tables.row_index_writer import IndexWriter
from belay.tables.row_matcher import Changes, KeylessMatcher, Matcher


def hash_of(value):
    return sha256(str(value).encode()).digest()


def chunk_of(number, rows):
    return Chunk(number, len(rows), sha256(b"".join(row.hex().encode() for _, row in rows)).digest())


class IndexTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="belay-index-")
        self.addCleanup(shutil.rmtree, self.root)
        self.folder = IndexFolder(SimpleNamespace(belay=self.root))

    def written(self, rows, signature="s", size=3):
        """`rows`: {chunk: [(key, hash)]}; returns the digest of the part."""
        writer, chunks = IndexWriter(self.folder, signature), ChunkList()
        for number, listed in random.sample(list(rows.items()), len(rows)):
            for start in range(0, len(listed), size):
                piece = listed[start : start + size]
                writer.add(number, [key for key, _ in piece], b"".join(row for _, row in piece))
            writer.end(chunk_of(number, listed), number)
            chunks.add(chunk_of(number, listed), number)
        writer.keep(part_digest(chunks))
        self.assertIsNone(writer.failed)
        return part_digest(chunks)

    def read(self, digest, signature="s"):
        with open_index(self.folder, digest, signature) as index:
            return None if index is None else {entry.chunk.number: list(index.rows(entry)) for entry in index.entries()}

    def test_what_was_written_is_read(self):
        for rows in (
            {-2: [(-2048, hash_of(1))], 0: [(n, hash_of(n)) for n in range(10)], 1 << 53: [((1 << 63) + 5, hash_of(2))]},
            {0: [(text, hash_of(text)) for text in ("a", "b,\\c", "é", "x" * 3000)]},
            {0: [(None, hash_of(n)) for n in range(4)]},
        ):
            self.assertEqual(self.read(self.written(rows)), rows)

    def test_it_is_small(self):
        rows = {number: [(number * 1024 + n, hash_of(n)) for n in range(1024)] for number in range(4)}
        digest = self.written(rows, size=1024)
        self.assertLess(os.path.getsize(os.path.join(self.folder.path, digest + ".rows")), 40 * 4096)

    def test_no_damage_is_believed(self):
        rows = {0: [(n, hash_of(n)) for n in range(4)], 3: [(3072, hash_of(7))]}
        digest = self.written(rows)
        path = os.path.join(self.folder.path, digest + ".rows")
        with open(path, "rb") as file:
            whole = file.read()
        damaged = [whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :] for at in range(len(whole)) for bit in (1, 0x80)]
        damaged += [whole[:at] for at in range(len(whole))] + [whole + b"\0", whole * 2, b"", os.urandom(len(whole))]
        for data in damaged:
            with open(path, "wb") as file:
                file.write(data)
            try:
                self.assertIsNone(self.read(digest))
            except Corrupt:
                pass

    def test_another_file_under_its_name_is_not_believed(self):
        one, other = self.written({0: [(1, hash_of(1))]}), self.written({0: [(1, hash_of(2))]})
        os.replace(os.path.join(self.folder.path, other + ".rows"), os.path.join(self.folder.path, one + ".rows"))
        self.assertIsNone(self.read(one))

    def test_only_a_digest_names_a_file(self):
        digest = self.written({0: [(1, hash_of(1))]})
        os.rename(os.path.join(self.folder.path, digest + ".rows"), os.path.join(self.root, "elsewhere.rows"))
        with mock.patch.object(IndexFolder, "use", side_effect=AssertionError("looked at")):
            for name in ("../elsewhere", "", digest.upper(), digest + "\n"):
                self.assertIsNone(self.read(name))

    def test_rows_hashed_in_another_way_are_not_compared(self):
        self.assertIsNone(self.read(self.written({0: [(1, hash_of(1))]}), "another"))

    def test_a_full_disk_is_told_and_leaves_nothing(self):
        class Full:
            def __getattr__(self, name):
                return lambda *_: self.fail()

            def fail(self):
                raise OSError(errno.ENOSPC, "No space left on device")

        writer = IndexWriter(self.folder, "s")
        writer._file.close()
        writer._file = Full()  # what a file does when the disk is full
        writer.add(0, [1], hash_of(1))
        writer.keep(part_digest([]))
        self.assertEqual(writer.failed.errno, errno.ENOSPC)
        self.assertEqual(os.listdir(self.folder.path), [])

    def test_a_folder_that_cannot_be_written_is_told(self):
        with open(os.path.join(self.root, "index"), "w", encoding="ascii"):
            writer = IndexWriter(self.folder, "s")
        writer.add(0, [1], hash_of(1))
        writer.end(chunk_of(0, [(1, hash_of(1))]), 0)
        writer.keep(part_digest([chunk_of(0, [(1, hash_of(1))])]))
        self.assertIsInstance(writer.failed, OSError)

    def test_what_was_long_unused_goes_when_the_next_one_comes(self):
        old, used = self.written({0: [(1, hash_of(1))]}), self.written({0: [(1, hash_of(2))]})
        past = time.time() - UNUSED_S - 60
        for digest in (old, used):
            os.utime(os.path.join(self.folder.path, digest + ".rows"), (past, past))
        abandoned, file = self.folder.new("rows")
        file.close()
        os.utime(abandoned, (past, past))
        self.assertIsNotNone(self.read(used))
        new = self.written({0: [(1, hash_of(3))]})
        self.assertEqual(sorted(os.listdir(self.folder.path)), sorted([used + ".rows", new + ".rows"]))

    def test_only_the_owner_may_read_it(self):
        digest = self.written({0: [("secret@example.com", hash_of(1))]})
        self.assertEqual(os.stat(os.path.join(self.folder.path, digest + ".rows")).st_mode & 0o777, 0o600)


class NumbersTest(unittest.TestCase):
    def test_numbers_come_back(self):
        for number in (0, 1, -1, 127, 128, -128, (1 << 63) - 1, -(1 << 63), (1 << 54) * 3):
            self.assertEqual(unzigzag(zigzag(number)), number)
            data = varint(zigzag(number))
            self.assertEqual(read_varint(data, 0), (zigzag(number), len(data)))

    def test_runs(self):
        self.assertEqual(list(runs([1, 2, 3, 7, 9, 10])), [(1, 4), (7, 8), (9, 11)])
        self.assertEqual(list(runs([])), [])

    def test_sparse_keys_are_not_told_by_chunks(self):
        chunks = ChunkList()
        for number in range(3000):
            chunks.add(Chunk(number * 5, 1, hash_of(number)))
        self.assertFalse(are_told(chunks, chunks.rows))
        self.assertTrue(are_told(chunks, 3_000_000))
        self.assertEqual(len(chunks), 3000)

    def test_ranges_are_put_in_order(self):
        chunks, wanted = ChunkList(), [Chunk(number, 1, hash_of(number)) for number in range(-20, 20)]
        for chunk in wanted[20:] + wanted[:20]:
            chunks.add(chunk, chunk.number // 20)
        self.assertEqual(list(chunks), wanted)

    def test_a_million_dense_rows_are_told_in_64_kilobytes(self):
        self.assertLess(len(packed(Chunk(number, 1024, hash_of(number)) for number in range(977))), 64 << 10)


class SortedRunsTest(unittest.TestCase):
    def test_rows_come_in_order_whatever_their_sizes(self):
        chance = random.Random(9)
        for _ in range(60):
            rows = [(os.urandom(chance.choice([0, 1, 7, 40, 5000])), os.urandom(chance.choice([0, 32]))) for _ in range(chance.randrange(50))]
            with mock.patch.multiple(sorted_runs, RUN=chance.choice([1, 2, 7, 100]), BLOCK=chance.choice([1, 8, 9, 100, 16384])):
                runs = sorted_runs.SortedRuns(None)
                for row in rows:
                    runs.add(*row)
                self.assertEqual(list(runs), sorted(rows))
                runs.close()

    def test_the_file_has_no_name(self):
        with tempfile.TemporaryDirectory() as folder:
            runs = sorted_runs.SortedRuns(os.path.join(folder, "index"))
            runs.add(b"a", b"b")
            self.assertEqual((list(runs), os.listdir(os.path.join(folder, "index"))), ([(b"a", b"b")], []))
            runs.close()


class MatcherTest(unittest.TestCase):
    """Both sides in the same order, which the matcher does not know."""

    def test_every_pair_of_lists(self):
        self.every_pair()

    def test_every_pair_of_lists_that_do_not_fit_into_memory(self):
        for waiting in (0, 1, 4):
            with mock.patch.object(row_matcher, "WAITING", waiting), mock.patch.multiple(sorted_runs, RUN=2, BLOCK=9):
                self.every_pair()

    def test_memory_does_not_grow_with_replaced_rows(self):
        def peak(count):
            changes = Changes()
            matcher = Matcher((("old %d" % n, hash_of(n)) for n in range(count)), changes)
            tracemalloc.start()
            for n in range(count):
                matcher.push("new %d" % n, hash_of(n))
            matcher.end()
            matcher.close()
            self.assertEqual((changes.facts()["added"], changes.facts()["removed"]), (count, count))
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return most

        # Without files the larger one takes four times as much.
        self.assertLess(peak(80_000), 1.5 * peak(20_000))

    def every_pair(self):
        chance = random.Random(7)
        for _ in range(2000):
            order = chance.sample("abcdefghij", 10)
            old = [(key, hash_of(chance.randrange(2))) for key in order if chance.random() < 0.6]
            new = [(key, hash_of(chance.randrange(2))) for key in order if chance.random() < 0.6]
            changes = Changes()
            matcher = Matcher(iter(old), changes)
            for row in new:
                matcher.push(*row)
            matcher.end()
            matcher.close()
            before, after = dict(old), dict(new)
            wanted = {("+", key) for key in after.keys() - before.keys()} | {("-", key) for key in before.keys() - after.keys()}
            wanted |= {("~", key) for key in after.keys() & before.keys() if after[key] != before[key]}
            facts = changes.facts()
            self.assertEqual({(one["change"], one["key"]) for one in facts["keys"]}, wanted)
            self.assertEqual(facts["added"] + facts["changed"] + facts["removed"], len(wanted))

    def test_rows_without_keys_are_counted(self):
        chance = random.Random(8)
        for _ in range(500):
            old, new = (sorted(hash_of(chance.randrange(6)) for _ in range(chance.randrange(8))) for _ in range(2))
            changes = Changes()
            matcher = KeylessMatcher(iter([(None, row) for row in old]), changes)
            for row in new:
                matcher.push(None, row)
            matcher.end()
            gone, come = list(old), []
            for row in new:
                gone.remove(row) if row in gone else come.append(row)
            self.assertEqual(changes.facts(), {"added": len(come), "changed": 0, "removed": len(gone), "keys": []})

    def test_counts_are_exact_and_keys_are_bounded(self):
        changes = Changes()
        matcher = Matcher(iter([(n, hash_of(n)) for n in range(5000)]), changes)
        matcher.end()
        self.assertEqual((changes.facts()["removed"], len(changes.facts()["keys"])), (5000, 1000))

    def test_few_rows_wait(self):
        matcher = Matcher(iter([(n, hash_of(n)) for n in range(50_000)]), Changes())
        most = 0
        for n in range(1, 50_000):
            matcher.push(n, hash_of(n))
            most = max(most, len(matcher._old), len(matcher._new))
        self.assertLess(most, 5)


if __name__ == "__main__":
    unittest.main()
