"""Which files changed since a baseline, by the index that it left on the host."""
import os
import random
import time
import unittest
from unittest import mock

from belay.files import files, listing
from belay.fingerprint.filemeasure import measure_code, measure_files
from belay.files.listing import Run, compare, encoded, in_runs, value_of
from belay.scope.look import Look
from belay.bundle.unpack import store_manifest
from tests.filetrees import PATH, Gardener, TreeTest, changes, plain, rules, sorted_keys

SEED = int(os.environ.get("BELAY_SEED", time.time_ns() % 10**6))
KEEP = Look(keep_index=True)


def since(digest, **more):
    return Look(baseline_index={"tables": {}, "files": {PATH: digest}, "code": digest}, **more)


def runs_of(found):
    return in_runs((os.fsencode(name), value_of(value)) for name, value in found.items())


class CompareTest(unittest.TestCase):
    def test_listings_of_any_edits(self):
        for seed in range(SEED, SEED + 200):
            with self.subTest(seed=seed), mock.patch.object(listing, "RUN_NAMES", random.Random(seed).randrange(1, 9)):
                self._any_edits(random.Random(seed))

    def _any_edits(self, chance):
        names = ["/".join(chance.choice("ab.-0") for _ in range(chance.randrange(1, 4))) + str(n) for n in range(40)]
        was = {name: f"{chance.randrange(16):064x}" for name in names}
        now = {name: value for name, value in was.items() if chance.random() > 0.1}
        now.update({name: f"{chance.randrange(16):064x}" for name in chance.sample(names, 3)})
        now.update({f"new/{chance.random()}": "0" * 64 for _ in range(chance.randrange(3))})
        self.assertEqual(sorted_keys(compare(runs_of(was), runs_of(now))), changes(was, now))

    def test_runs_do_not_melt_into_each_other(self):
        """Names, folders and values are chosen so that joined bytes could mean something else."""
        value, other = value_of("0" * 64), value_of("link:\n")
        for one, two in (
            ([Run(b"a", [b"b"], value)], [Run(b"", [b"a"], value), Run(b"", [b"b"], value)]),
            ([Run(b"a", [b"b"], value)], [Run(b"a\0b", [b""], value)]),
            ([Run(b"", [b"f"], value)], [Run(b"f", [b""], value)]),
            ([Run(b"", [b"f"], value)], [Run(b"", [b"f"], other)]),
        ):
            self.assertNotEqual(b"".join(map(encoded, one)), b"".join(map(encoded, two)))

    def test_a_link_is_no_file_that_says_so(self):
        self.assertNotEqual(value_of("link:x"), b"f" + value_of("link:x")[1:])

    def test_exact_counts_and_a_thousand_keys(self):
        was = {f"{n % 7}/{n}": "0" * 64 for n in range(3000)}
        found = compare(runs_of(was), runs_of({}))
        self.assertEqual((found["removed"], len(found["keys"])), (3000, 1000))


class IndexTest(TreeTest):
    def index(self, digest):
        return os.path.join(self.site.belay, "index", digest + ".files")

    def test_any_edits_since_a_baseline(self):
        for seed in range(SEED, SEED + 6):
            with self.subTest(seed=seed):
                gardener = Gardener(os.path.join(self.top, str(seed)), seed)
                os.mkdir(gardener.top)
                gardener.grow(50)
                self.later()
                was, digest = plain(self.top), self.facts(KEEP)["digest"]
                for _ in range(1 + gardener.random.randrange(9)):
                    gardener.edit()
                self.later()
                now, found = plain(self.top), self.measured(since(digest))[0]
                if now == was:
                    self.assertEqual((found.facts["digest"], found.changes), (digest, None))
                else:
                    self.assertNotEqual(found.facts["digest"], digest)
                    self.assertEqual(sorted_keys(found.changes), changes(was, now))

    def test_the_digest_is_that_of_the_index_and_of_nothing_else(self):
        for number in range(2500):
            self.write(f"flat/{number}", b"")
        digests = {self.facts(KEEP, rules(limit=limit, workers=workers))["digest"] for limit in (0, 10**6) for workers in (1, 4)}
        (digest,) = digests
        self.assertEqual(files.file_digest(self.index(digest)), digest)
        self.assertEqual(files.summary(files.scan(self.top), 0)["digest"], digest)

    def test_an_index_that_is_damaged_says_nothing(self):
        for name in ("a", "b/c", "b/d"):
            self.write(name)
        digest = self.facts(KEEP)["digest"]
        with open(self.index(digest), "rb") as file:
            whole = file.read()
        self.write("a", b"changed")
        self.later()
        self.facts()
        damaged = [whole[:length] for length in range(len(whole))] + [whole + b"\0"]
        damaged += [whole[:n] + bytes([whole[n] ^ 1 << random.Random(n).randrange(8)]) + whole[n + 1 :] for n in range(len(whole))]
        for content in damaged:
            with open(self.index(digest), "wb") as file:
                file.write(content)
            self.assertIsNone(self.measured(since(digest))[0].changes)
        with open(self.index(digest), "wb") as file:
            file.write(whole)
        self.assertEqual(self.measured(since(digest))[0].changes["keys"], [{"change": "~", "key": "a"}])
        os.unlink(self.index(digest))
        self.assertIsNone(self.measured(since(digest))[0].changes)

    def test_an_index_is_used_and_stays_and_others_go(self):
        self.write("a")
        old, digest = self.index("0" * 64), self.facts(KEEP)["digest"]
        long_ago = time.time() - 91 * 86400
        with open(old, "wb"):
            pass
        for path in (old, self.index(digest)):
            os.utime(path, (long_ago, long_ago))
        self.measured(since(digest))
        self.write("b")
        self.facts(KEEP)
        self.assertTrue(os.path.exists(self.index(digest)))
        self.assertFalse(os.path.exists(old))

    def test_a_host_that_cannot_keep_an_index_says_so(self):
        with open(os.path.join(self.site.belay, "index"), "wb"):
            pass
        self.write("a")
        found = measure_files(self.site, rules(), KEEP)
        self.assertEqual(found.facts["files"][PATH]["files"], 1)
        self.assertRegex(found.warnings[0], "^No index of uploads was kept: .+ Its files cannot be told one by one when it differs later.$")

    def test_all_of_an_environment(self):
        self.write("a")
        code = os.path.join(self.site.tree, "index.php")
        for name, text in (("index.php", "1"), ("gone.php", "1"), ("odd\nname.php", "1")):
            with open(os.path.join(self.site.tree, name), "w", encoding="utf-8") as file:
                file.write(text)
        first = measure_files(self.site, rules(), KEEP).facts
        self.assertEqual((first["code_edits"], sorted(first["code"]["entries"])), ([], ["gone.php", "index.php", "odd\\x0aname.php"]))
        manifest = {name: value for name, value in plain(self.site.tree).items() if not name.startswith(PATH)}
        store_manifest(self.site, "00000000000a", {"code": {**manifest, f"{PATH}/not-code": "0" * 64}})
        self.assertEqual(measure_code(self.site, rules()).edits, [])
        with open(code, "w", encoding="utf-8") as file:
            file.write("2")
        os.unlink(os.path.join(self.site.tree, "gone.php"))
        os.symlink("index.php", os.path.join(self.site.tree, "new.php"))
        index = {"tables": {}, "files": {PATH: first["files"][PATH]["digest"]}, "code": first["code"]["digest"]}
        found = measure_files(self.site, rules(), Look(baseline_index=index))
        self.assertEqual(found.facts["code_edits"], [{"path": name, "change": how} for name, how in (("gone.php", "removed"), ("index.php", "changed"), ("new.php", "added"))])
        keys = [{"change": change, "key": name} for change, name in (("-", "gone.php"), ("~", "index.php"), ("+", "new.php"))]
        self.assertEqual(found.differences, {"files": {}, "code": {"added": 1, "changed": 1, "removed": 1, "keys": keys}})


if __name__ == "__main__":
    unittest.main()
