"""Hand edits on the target: none is lost, and what the release holds alike is no reason to stop."""
import os
import signal
import tempfile
import unittest

from belay.bundle.unpack import changed_files, store_manifest, stored_manifest, value_at
from belay.errors import BelayError
from belay.release.release import told
from belay.switch import measures
from belay.switch.preflight import check_code
from belay.switch.rollback_steps import check_release_intact

from .mariadb import Server
from .small_site import CODE, make_site, put, rules
from .switchbench import NEW, OLD
from .test_interrupted import InterruptedCase
from .watchbench import active, answer, armed_of, step, words

SERVER = Server()
RELEASE = "00000000000a"
ODD = ("constructor", "__proto__", "with space.php", "back\\slash.php", "ünïcode.php")


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class CodeEdits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = make_site(SERVER, folder.name, "live", "wp_")
        for name in ODD:
            self.put(name, "of the release")
        self.code = {name: value_at(self.path(name)) for name in (*CODE, *ODD)}
        store_manifest(self.site, RELEASE, {"code": dict(self.code)})

    def path(self, name):
        return os.path.join(self.site.releases, RELEASE, name)

    def put(self, name, text):
        put(self.site.releases, os.path.join(RELEASE, name), text)

    def check(self, code):
        check_code(self.site, RELEASE, measures.measure_code(self.site, rules()).edits, code)

    def refused(self, code):
        with self.assertRaises(BelayError) as caught:
            self.check(code)
        self.assertEqual(caught.exception.code, "CODE_EDITED")
        return caught.exception.message

    def test_an_untouched_target_takes_any_release(self):
        self.check({})

    def test_an_edit_that_the_release_holds_alike_is_no_loss(self):
        for name in ODD:
            self.put(name, "edited by hand")
        self.put("added.php", "new")
        os.unlink(self.path("index.php"))
        os.symlink("REVISION", self.path("link.php"))
        held = {**self.code, **{name: value_at(self.path(name)) for name in (*ODD, "added.php", "link.php")}}
        del held["index.php"]
        self.check(held)

        for name in (*ODD, "added.php", "link.php"):
            self.assertIn(name.replace("\\", "\\\\").replace("__proto__", "\\x5f_proto__"), self.refused({**held, name: "0" * 64}))
            self.assertIn("(", self.refused({path: value for path, value in held.items() if path != name}))
        self.assertIn("index.php (removed)", self.refused({**held, "index.php": self.code["index.php"]}))

    def test_the_way_back_leads_to_such_an_edit_and_to_no_other(self):
        self.put("index.php", "edited by hand")
        after = {**self.code, "index.php": value_at(self.path("index.php"))}
        os.mkdir(os.path.join(self.site.releases, "00000000000b"))
        store_manifest(self.site, "00000000000b", {"code": after})
        os.unlink(self.site.current)
        os.symlink("releases/00000000000b", self.site.current)
        check_release_intact(self.site, RELEASE)

        for name, text in (("index.php", "edited once more"), ("constructor", "edited, too")):
            self.put(name, text)
            with self.assertRaisesRegex(BelayError, name):
                check_release_intact(self.site, RELEASE)
            self.put(name, "edited by hand" if name == "index.php" else "of the release")
        os.unlink(self.path("index.php"))
        with self.assertRaisesRegex(BelayError, "index.php"):
            check_release_intact(self.site, RELEASE)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_a_file_that_cannot_be_read_is_named(self):
        self.put("inc/closed/part.php", "of the release")
        self.code["inc/closed/part.php"] = value_at(self.path("inc/closed/part.php"))
        tree = os.path.dirname(self.path("index.php"))
        for folder in (os.path.dirname(self.site.root), self.site.root, self.site.releases, tree, self.path("inc")):
            os.chmod(folder, 0o755)
        for closed, mode, name in (("index.php", 0, "index.php"), ("inc/closed", 0o700, "inc/closed/part.php")):
            with self.subTest(closed):
                before = os.stat(self.path(closed)).st_mode
                os.chmod(self.path(closed), mode)
                os.seteuid(65534)
                try:
                    with self.assertRaises(BelayError) as caught:
                        changed_files({"code": self.code}, tree)
                finally:
                    os.seteuid(0)
                    os.chmod(self.path(closed), before)
                self.assertEqual(caught.exception.code, "FILE_UNREADABLE")
                self.assertIn(name, caught.exception.message)

    def test_what_is_no_file_is_not_there(self):
        os.mkdir(self.path("folder"))
        os.symlink("nowhere", self.path("broken"))
        os.mkfifo(self.path("pipe"))
        found = [value_at(self.path(name)) for name in ("folder", "pipe", "gone", "gone/deeper", "index.php/deeper", "broken")]
        self.assertEqual(found, [None, None, None, None, None, "link:nowhere"])

    def test_a_report_spells_paths_as_fingerprints_do(self):
        spelt = told({"schema": 1, "code": self.code})["code"]
        listed = measures.measure_code(self.site, rules()).measured.facts["entries"]
        self.assertEqual(set(spelt), set(listed))
        self.assertEqual({path: value[:24] for path, value in spelt.items()}, listed)


class BeforeAndAfterTheSwitch(InterruptedCase):
    """What somebody edits after the release has arrived: the plan knows nothing of it."""

    def setUp(self):
        super().setUp()
        self.params = self.bench.params(self.site)
        step("promote", "load", self.params)

    def edit(self, name="index.php", release=OLD):
        with open(os.path.join(self.site.releases, release, name), "w", encoding="utf-8") as file:
            file.write("edited by hand")

    def hold_alike(self, *names):
        """The release that comes has these files as the active one has them."""
        held = {name: value_at(os.path.join(self.site.releases, OLD, name)) for name in names}
        store_manifest(self.site, NEW, {"code": {**stored_manifest(self.site, NEW)["code"], **held}})

    def assert_refused(self, code, done):
        self.assertEqual(done.get("belay_error", {}).get("code"), code, done)
        self.assertIn("index.php (changed)", done["belay_error"]["message"])

    def test_an_edit_since_then_is_refused_before_anything_is_switched(self):
        self.edit()
        self.assert_refused("CODE_EDITED", step("promote", "activate", self.params))
        self.assertEqual((active(self.site).release, armed_of(self.site)), (OLD, {}))
        self.assertNotIn("switch", words(self.site, self.params))

    def test_one_that_the_release_holds_alike_passes(self):
        self.edit()
        self.edit("added.php")
        self.hold_alike("index.php", "added.php")
        self.assertNotIn("belay_error", step("promote", "activate", self.params))
        self.assertEqual(active(self.site).release, NEW)

    def test_one_after_the_last_look_leads_back(self):
        process = self.paused("promote", "activate", self.params, "after_look")
        self.edit()
        os.killpg(process.pid, signal.SIGCONT)
        self.assert_refused("CONFLICT_AFTER_SWITCH", answer(process))
        self.assertTrue(step("promote", "undo", self.params)["rolled_back"])
        self.assertEqual(active(self.site).release, OLD)

    def test_also_where_whoever_switched_was_killed(self):
        self.killed("promote", "activate", self.params, "after_switch")
        self.edit()
        self.edit(release=NEW)
        self.assert_refused("CONFLICT_AFTER_SWITCH", step("promote", "activate", self.params))


del InterruptedCase

if __name__ == "__main__":
    unittest.main()
