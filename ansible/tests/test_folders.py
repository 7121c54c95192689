"""Replacing a folder: killed at any instant, the old or the new one is in its place after whoever comes next has looked."""
import contextlib
import os
import shutil
import signal
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from belay.bundle.unpack import store_manifest
from belay.host.folders import begin_writing_out, replace_folder, settle_folders, write_out
from belay.release.release_folders import drop_releases, forget

from .switchbench import NEW, NEWER, OLD
from .test_watchdog import WatchCase
from .watchbench import step

NOBODY = 65534


class Replaced(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name, "releases")
        self.place = self.top / OLD
        self.filled(self.place, "old")
        self.new = Path(folder.name, "incoming/tree")
        self.filled(self.new, "new")

    def filled(self, folder, word):
        (folder / "inner").mkdir(parents=True)
        for name in ("index.php", "inner/more.php"):
            (folder / name).write_text(word)

    def words(self):
        return {(self.place / name).read_text() for name in ("index.php", "inner/more.php")}

    def killed_before(self, calls):
        """Whether the process died before this many calls that change a folder had been made."""
        child = os.fork()
        if child == 0:
            left = [calls]

            def counted(function):
                def called(*arguments, **named):
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return function(*arguments, **named)

                return called

            with mock.patch("os.rename", counted(os.rename)), mock.patch("os.unlink", counted(os.unlink)), mock.patch("os.rmdir", counted(os.rmdir)):
                replace_folder(str(self.new), str(self.place))
            os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def test_killed_at_any_instant_and_then_begun_again(self):
        calls = 0
        while self.killed_before(calls):
            settle_folders(str(self.top))
            self.assertEqual(self.words(), {"old" if calls < 2 else "new"}, calls)
            self.assertEqual(os.listdir(self.top), [OLD], calls)
            for folder, word in ((self.place, "old"), (self.new, "new")):
                shutil.rmtree(folder, ignore_errors=True)
                self.filled(folder, word)
            calls += 1
        self.assertGreater(calls, 4)
        self.assertEqual((self.words(), os.listdir(self.top)), ({"new"}, [OLD]))

    def test_begun_again_without_anybody_who_looked(self):
        self.assertTrue(self.killed_before(1))
        replace_folder(str(self.new), str(self.place))
        self.assertEqual((self.words(), os.listdir(self.top)), ({"new"}, [OLD]))

    def test_what_others_call_by_such_names_stays(self):
        theirs = {"site.aside", "old.left.1", f"{OLD}.aside.tar", "ABCDEF012345.aside"}
        for name in theirs:
            (self.top / name).mkdir()
        settle_folders(str(self.top))
        self.assertEqual(set(os.listdir(self.top)), {OLD, *theirs})

    def test_not_every_host_has_the_program_that_writes_out(self):
        with mock.patch.dict(os.environ, PATH=str(self.top)), mock.patch("os.sync") as sync:
            begin_writing_out(str(self.top))
            self.assertFalse(sync.called)
            write_out(str(self.top))
            self.assertTrue(sync.called)

    def test_a_link_that_lies_there_leads_nowhere(self):
        elsewhere = self.top.parent / "elsewhere"
        self.filled(elsewhere, "elsewhere")
        shutil.rmtree(self.place)
        self.place.symlink_to(elsewhere)
        replace_folder(str(self.new), str(self.place))
        self.assertEqual((self.words(), os.listdir(self.top), self.place.is_symlink()), ({"new"}, [OLD], False))
        self.assertEqual((elsewhere / "index.php").read_text(), "elsewhere")


    @contextlib.contextmanager
    def not_root(self):
        """As a site's owner: whom not everything obeys that lies in the site's folders."""
        if os.geteuid() != 0:
            yield
            return
        for path in (self.top.parent, *self.top.parent.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    def test_what_cannot_be_deleted_keeps_nobody_from_going_on(self):
        with self.not_root():
            for number in (1, 2):
                (self.place / "inner").chmod(0o555)
                replace_folder(str(self.new), str(self.place))
                settle_folders(str(self.top))
                left = [f"{OLD}.left.{one + 1}" for one in range(number)]
                self.assertEqual((self.words(), sorted(os.listdir(self.top))), ({"new"}, [OLD, *left]))
                self.filled(self.new, "new")
            os.rename(self.place, self.top / (OLD + ".aside"))
            (self.top / (OLD + ".aside") / "inner").chmod(0o555)
            self.filled(self.place, "new")
            settle_folders(str(self.top))
            left = sorted(self.top.glob(f"{OLD}.left.*"))
            self.assertEqual((self.words(), len(left), len(os.listdir(self.top))), ({"new"}, 3, 4))
            for folder in left:
                (folder / "inner").chmod(0o755)
            settle_folders(str(self.top))
            self.assertEqual(os.listdir(self.top), [OLD])

    def site(self):
        return SimpleNamespace(releases=str(self.top), belay=str(self.top.parent / ".belay"), active_release=lambda: NEW)

    def test_of_old_releases_only_those_go_that_belay_has_brought(self):
        site, theirs = self.site(), ["old-releases", "202411221830", "ABCDEF012345"]
        for name in (NEW, NEWER, *theirs):
            self.filled(self.top / name, "stays")
        for name in (OLD, NEW, NEWER, "old-releases"):
            store_manifest(site, name, {"code": {}})
        drop_releases(site, [NEWER])
        self.assertEqual(sorted(os.listdir(self.top)), sorted([*theirs, NEW, NEWER]))
        self.assertFalse(Path(site.belay, "releases", f"{OLD}.json").exists())

    def test_what_cannot_be_deleted_of_a_forgotten_release_is_no_release(self):
        site = self.site()
        store_manifest(site, OLD, {"code": {}})
        with self.not_root():
            (self.place / "inner").chmod(0o555)
            drop_releases(site, set())
            drop_releases(site, set())
            settle_folders(str(self.top))
            self.assertEqual(os.listdir(self.top), [OLD + ".left.1"])
            (self.top / (OLD + ".left.1") / "inner").chmod(0o755)


class NextStep(WatchCase):
    def put_aside(self):
        os.rename(Path(self.site.releases, NEW), Path(self.site.releases, NEW + ".aside"))

    def there(self):
        return NEW in os.listdir(self.site.releases), NEW + ".aside" in os.listdir(self.site.releases)

    def test_whatever_begins_next_puts_a_release_back(self):
        self.put_aside()
        step("promote", "load", self.bench.params(self.site))
        self.assertEqual(self.there(), (True, False))
        self.put_aside()
        step("recover", "recover_host", {**self.bench.params(self.site), "wait_s": 0, "stop": False})
        self.assertEqual(self.there(), (True, False))

    def test_what_is_forgotten_does_not_come_back(self):
        self.put_aside()
        forget(self.site, NEW)
        self.assertEqual(self.there(), (False, False))


del WatchCase

if __name__ == "__main__":
    unittest.main()
