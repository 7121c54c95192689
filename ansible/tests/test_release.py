"""Releases: the same state gives the same digest, only what changed is in it, and nothing in an archive is believed."""
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from belay.bundle import archive
from belay.errors import BelayError
from belay.files.files import tree
from belay.bundle.manifest import canonical, digest_of
from belay.release.release import Baseline, build
from belay.scope.look import Look
from belay.bundle.extract import extract
from belay.bundle.unpack import stored_manifest, unpack

from .mariadb import Server
from .small_site import CODE, make_site, put, rules

SERVER = Server()
SHARED = ["wp-config.php", "wp-content/uploads"]
MANIFEST = {"schema": 1, "kind": "site", "code": {}, "tables": {}, "options": {}}


def setUpModule():
    SERVER.start()


def tearDownModule():
    SERVER.stop()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def refused(self, code, function, *arguments):
        with self.assertRaises(BelayError) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        return caught.exception.message


class Releases(Folder):
    def setUp(self):
        super().setUp()
        self.source = make_site(SERVER, self.folder, "staging", "stg_")
        self.target = make_site(SERVER, self.folder, "live", "wp_")
        first = self.build()["fingerprint"]
        self.baseline = Baseline(
            {"widgets": first["tables"]["widgets"]["parts"]["config"]["digest"]}, {name: row["hash"] for name, row in first["options"].items()}
        )

    def build(self, baseline=Baseline({}, {}), look=Look()):
        return build(self.source, rules(), "staging", baseline, look)

    def test_what_was_released_is_compared_file_by_file_the_next_time(self):
        released = self.build(look=Look(keep_code=True))["fingerprint"]["code"]["digest"]
        self.assertEqual(len(os.listdir(os.path.join(self.source.belay, "index"))), 1)
        put(self.source.current, "index.php", "changed")
        put(self.source.current, "new.php", "new")
        wanted = {"tables": {}, "files": {}, "code": released}
        changes = self.build(look=Look(baseline_index=wanted))["measured"].differences["code"]
        self.assertEqual(sorted((one["change"], one["key"]) for one in changes["keys"]), [("+", "new.php"), ("~", "index.php")])
        unknown = {**wanted, "code": "0" * 64}
        self.assertIsNone(self.build(look=Look(baseline_index=unknown))["measured"].differences["code"])

    def test_the_same_state_is_the_same_release_and_not_packed_again(self):
        first, second = self.build(self.baseline), self.build(self.baseline)
        self.assertEqual((first["digest"], first["reused"], second["reused"]), (second["digest"], False, True))
        self.assertEqual(digest_of(first["manifest"]), first["digest"])
        self.assertEqual((first["manifest"]["tables"], first["manifest"]["options"]), ({}, {}))

    def test_what_the_source_changed_is_in_it(self):
        SERVER.sql("UPDATE stg_widgets SET note = 'new' WHERE id = 1; UPDATE stg_posts SET post_title = 'not promoted';"
                   "UPDATE stg_options SET option_value = IF(option_name = 'blogname', REPEAT('ü', 40000), 'B') WHERE option_name IN ('blogname', 'siteurl', 'db_version'); INSERT INTO stg_options (option_name, option_value, autoload) VALUES ('short', '1', 'no'); DELETE FROM stg_options WHERE option_name = 'logo';"
                   "CREATE TABLE stg_other (id INT PRIMARY KEY)", "staging")
        built = self.build(self.baseline)
        manifest = built["manifest"]
        self.assertEqual(list(manifest["tables"]), ["widgets"])
        self.assertEqual({name: value is None for name, value in manifest["options"].items()}, {"blogname": False, "logo": True, "short": False})
        for name in ("blogname", "short"):
            self.assertEqual(manifest["options"][name], built["fingerprint"]["options"][name]["hash"])
        self.assertEqual(manifest["commit"], CODE["REVISION"].strip())
        self.assertEqual((manifest["plugins"], manifest["themes"]), ({"shop/shop.php": "1.2"}, {"plain": "3"}))
        self.assertEqual(sorted(manifest["code"]), sorted(CODE))

    def test_unpacked_once_with_its_links_and_repaired_when_damaged(self):
        built = self.build(self.baseline)
        self.addCleanup(os.umask, os.umask(0o077))
        done = unpack(self.target, built["path"], built["digest"], SHARED)
        folder = os.path.join(done.code, "wp-content")
        self.assertEqual([os.stat(path).st_mode & 0o777 for path in (done.code, folder, os.path.join(done.code, "index.php"))], [0o755, 0o755, 0o644])
        self.assertTrue(done.changed)
        self.assertEqual(tree(done.code, SHARED, self.target.root), built["manifest"]["code"])
        with open(os.path.join(done.code, "wp-config.php"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "<?php // of live\n")
        self.assertEqual(stored_manifest(self.target, built["digest"][:12]), built["manifest"])
        self.assertFalse(unpack(self.target, built["path"], built["digest"], SHARED).changed)
        put(done.code, "index.php", "<?php evil();")
        self.assertTrue(unpack(self.target, built["path"], built["digest"], SHARED).changed)
        self.assertEqual(tree(done.code, SHARED, self.target.root), built["manifest"]["code"])
        self.assertEqual(os.listdir(os.path.join(self.target.belay, "incoming")), [built["digest"][:12]])

    def test_code_that_is_whole_stays_and_is_compared_all_the_same(self):
        built = self.build(self.baseline)
        done = unpack(self.target, built["path"], built["digest"], SHARED)
        index, made = os.path.join(done.code, "index.php"), os.stat(os.path.join(done.code, "index.php")).st_ino
        shutil.rmtree(done.incoming)
        again = unpack(self.target, built["path"], built["digest"], SHARED)
        self.assertEqual((again, os.stat(index).st_ino), (done, made))
        self.assertEqual(sorted(os.listdir(done.incoming)), ["manifest.json", "options.jsonl"])
        shutil.rmtree(done.incoming)
        subprocess.run(["zstd", "-q", "-d", built["path"], "-o", self.folder + "/x.tar"], check=True)
        with open(self.folder + "/x.tar", "rb") as plain:
            other = plain.read().replace(b"Theme Name: Plain", b"Theme Name: Other")
        subprocess.run(["zstd", "-q", "-f", "-o", built["path"]], input=other, check=True)
        self.assertIn("tree/wp-content/themes/plain/style.css", self.refused("RELEASE_DIGEST_MISMATCH", unpack, self.target, built["path"], built["digest"], SHARED))

    def test_code_that_somebody_added_to_is_made_anew(self):
        built = self.build(self.baseline)
        done = unpack(self.target, built["path"], built["digest"], SHARED)
        for added in ("wp-content/evil.php", "wp-content/link"):
            with self.subTest(added):
                os.symlink("/", os.path.join(done.code, added)) if added.endswith("link") else put(done.code, added, "<?php evil();")
                self.assertTrue(unpack(self.target, built["path"], built["digest"], SHARED).changed)
                self.assertEqual(tree(done.code, SHARED, self.target.root), built["manifest"]["code"])

    def made_anew(self, built, shared, change):
        done = unpack(self.target, built["path"], built["digest"], SHARED)
        change(done.code)
        self.assertTrue(unpack(self.target, built["path"], built["digest"], shared).changed)
        self.assertEqual(tree(done.code, shared, self.target.root), built["manifest"]["code"])
        self.assertFalse(unpack(self.target, built["path"], built["digest"], shared).changed)
        return done.code

    def test_at_a_shared_path_only_its_own_link_is_whole(self):
        built = self.build(self.baseline)
        shared = [*SHARED, ".htaccess", "wp-content/upgrade", "wp-content/object-cache.php"]

        def written_before_it_was_shared(code):
            put(code, ".htaccess", "of a plugin")
            put(self.target.shared, ".htaccess", "of all releases")
            os.mkdir(os.path.join(code, "wp-content/upgrade"))
            put(self.target.shared, "wp-content/upgrade/x", "")

        code = self.made_anew(built, shared, written_before_it_was_shared)
        self.assertEqual(os.readlink(os.path.join(code, ".htaccess")), "../../shared/.htaccess")
        self.assertEqual(os.readlink(os.path.join(code, "wp-content/upgrade")), "../../../shared/wp-content/upgrade")

        def elsewhere(code):
            os.unlink(os.path.join(code, "wp-config.php"))
            os.symlink("../../shared/.htaccess", os.path.join(code, "wp-config.php"))

        code = self.made_anew(built, shared, elsewhere)
        self.assertEqual(os.readlink(os.path.join(code, "wp-config.php")), "../../shared/wp-config.php")
        for planted in (lambda path: put(os.path.dirname(path), os.path.basename(path), "<?php evil();"), lambda path: os.symlink("../../../shared/wp-content/object-cache.php", path)):
            code = self.made_anew(built, shared, lambda code: planted(os.path.join(code, "wp-content/object-cache.php")))
            self.assertFalse(os.path.lexists(os.path.join(code, "wp-content/object-cache.php")))

    def test_code_with_other_rights_is_made_anew(self):
        built = self.build(self.baseline)
        for path, mode in (("index.php", 0o600), ("index.php", 0), ("wp-content/plugins", 0o700), ("", 0o700)):
            with self.subTest(path, mode=mode):
                code = self.made_anew(built, SHARED, lambda code: os.chmod(os.path.join(code, path), mode))
                self.assertEqual([os.stat(os.path.join(code, one)).st_mode & 0o777 for one in ("index.php", "wp-content/plugins", "")], [0o644, 0o755, 0o755])

    def test_another_digest_is_refused_and_nothing_is_left(self):
        built = self.build()
        self.refused("RELEASE_DIGEST_MISMATCH", unpack, self.target, built["path"], "0" * 64, SHARED)
        self.assertEqual(os.listdir(os.path.join(self.target.belay, "incoming")), [])
        self.assertEqual(os.listdir(self.target.releases), ["00000000000a"])

    def test_a_release_that_brings_a_shared_path_is_refused(self):
        built = self.build()
        put(self.target.shared, "index.php", "")
        message = self.refused("RELEASE_DIGEST_MISMATCH", unpack, self.target, built["path"], built["digest"], [*SHARED, "index.php"])
        self.assertIn("index.php", message)


class Hostile(Folder):
    """Archives that somebody made by hand, each with a manifest of the right digest."""

    def pack(self, manifest, *members):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for info, data in [(tarfile.TarInfo("manifest.json"), canonical(manifest)), *members]:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        path = os.path.join(self.folder, "x.tar.zst")
        subprocess.run(["zstd", "-q", "-f", "-o", path], input=raw.getvalue(), check=True)
        return path, digest_of(manifest)

    def extract(self, manifest, *members):
        path, digest = self.pack(manifest, *members)
        with tempfile.TemporaryDirectory() as folder:
            return extract(path, digest, folder)

    def test_names_that_lead_out(self):
        for name in ("../x", "/etc/x", "tree/../../x", "tree//x", "./x"):
            self.refused("ARCHIVE_UNSAFE", self.extract, MANIFEST, (tarfile.TarInfo(name), b"x"))
            self.refused("RELEASE_DIGEST_MISMATCH", self.extract, {**MANIFEST, "code": {"a/../../" + name: "0" * 64}})

    def test_devices_hard_links_and_escaping_links(self):
        for kind, target in ((tarfile.CHRTYPE, ""), (tarfile.FIFOTYPE, ""), (tarfile.LNKTYPE, "manifest.json"), (tarfile.SYMTYPE, "/etc/passwd"), (tarfile.SYMTYPE, "../../x"), (tarfile.SYMTYPE, "a/../..")):
            info = tarfile.TarInfo("tree/a/x")
            info.type, info.linkname = kind, target
            self.refused("ARCHIVE_UNSAFE", self.extract, {**MANIFEST, "code": {"a/x": "0" * 64}}, (info, b""))

    def test_links_in_the_manifest_and_files_through_links(self):
        for code in ({"x": "link:/etc"}, {"x": "link:../y"}, {"x": "link:y/.."}, {"x": "link:y", "x/z": "0" * 64}):
            self.refused("RELEASE_DIGEST_MISMATCH", self.extract, {**MANIFEST, "code": code})

    def test_protected_files_that_lead_out_or_through_links(self):
        for place, listing in (("u", {"../x": "0" * 64}), ("../u", {"x": "0" * 64}), ("u", {"x": "link:/etc", "x/passwd": "0" * 64}), ("u", {"/x": "link:y"})):
            message = self.refused("RELEASE_DIGEST_MISMATCH", self.extract, {**MANIFEST, "files": {place: listing}})
            self.assertIn("names", message)

    def test_more_less_or_other_content_than_the_manifest_says(self):
        self.refused("RELEASE_DIGEST_MISMATCH", self.extract, MANIFEST, (tarfile.TarInfo("tree/x.php"), b"<?php"))
        self.refused("RELEASE_DIGEST_MISMATCH", self.extract, {**MANIFEST, "code": {"x.php": "0" * 64}}, (tarfile.TarInfo("tree/x.php"), b"<?php"))
        self.refused("RELEASE_DIGEST_MISMATCH", self.extract, MANIFEST)
        self.refused("RELEASE_DIGEST_MISMATCH", self.extract, {**MANIFEST, "options": {"a": None}}, (tarfile.TarInfo("options.jsonl"), b""))

    def test_a_bomb_and_a_broken_archive(self):
        path, _ = self.pack(MANIFEST, (tarfile.TarInfo("tree/zeros"), bytes(5000000)))
        self.assertLess(os.path.getsize(path), 10000)
        self.refused("ARCHIVE_UNSAFE", lambda: [content.read() for _, content in archive.read_archive(path, 1000000)])
        with open(path, "rb+") as file:
            file.truncate(os.path.getsize(path) // 2)
        self.refused("ARCHIVE_BROKEN", lambda: [content.read() for _, content in archive.read_archive(path, 1 << 30)])


if __name__ == "__main__":
    unittest.main()
