"""Bringing a file from host to host: by itself, and as the role does it."""
import hashlib
import json
import os
import pwd
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from belay.bundle.transfer import CHUNK, missing

from .watchbench import PYTHON

ANSIBLE = Path(__file__).parents[1]
OWNER = pwd.getpwnam("nobody")
STEP = """
import json, sys
sys.path.insert(0, {utils!r})
from belay.bundle import transfer
from belay.errors import BelayError
params = json.load(sys.stdin)
try:
    answer = transfer.STEPS[params["step"]](params)
except BelayError as error:
    answer = {{"belay_error": error.as_dict()}}
json.dump(answer, sys.stdout)
"""
PLAY = [{"hosts": "from", "gather_facts": False, "tasks": [{"name": "Bring", "ansible.builtin.include_role": {"name": "transfer"}}]}]


@unittest.skipUnless(os.geteuid() == 0, "only root can give a site to its owner")
class TransferCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        seeded = random.Random(4)
        cls.content = seeded.randbytes(1 << 20) * 65 + b"the end"
        cls.sha256 = hashlib.sha256(cls.content).hexdigest()

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="belay-transfer-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for root, name in (("here", "outgoing"), ("there", "incoming")):
            (self.folder / root / ".belay" / name).mkdir(parents=True)
        self.source = self.folder / "here/.belay/outgoing/x.tar.zst"
        self.source.write_bytes(self.content)
        self.target = self.folder / "there/.belay/incoming/x.tar.zst"
        self.part = Path(str(self.target) + ".part")
        os.chmod(self.folder, 0o755)
        self.own()

    def own(self):
        subprocess.run(["chown", "-hR", f"{OWNER.pw_uid}:{OWNER.pw_gid}", str(self.folder / "here"), str(self.folder / "there")], check=True)

    def step(self, name, path, **more):
        text = STEP.format(utils=str(ANSIBLE / "module_utils"))
        asked = json.dumps({"step": name, "path": str(path), **more}).encode()
        done = subprocess.run([PYTHON, "-c", text], input=asked, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def offer(self):
        return self.step("offer", self.source)["offer"]

    def missing(self, offer):
        return missing(offer, self.step("have", self.target)["there"])

    def chunk(self, at, content=None):
        path = self.folder / "chunk"
        path.write_bytes(self.content[at * CHUNK:(at + 1) * CHUNK] if content is None else content)
        os.chmod(path, 0o600)
        return str(path)


class Steps(TransferCase):
    def test_chunks_in_any_order_and_the_rest_after_an_interruption(self):
        offer = self.offer()
        self.assertEqual((offer["size"], offer["sha256"], len(offer["chunks"])), (len(self.content), self.sha256, 3))
        self.assertEqual(self.missing(offer), [0, 1, 2])
        for at, left in ((2, [0, 1]), (0, [1])):
            self.step("take", self.target, offer=offer, index=at, chunk=self.chunk(at))
            self.assertEqual(self.missing(offer), left)
        self.assertEqual(self.step("take", self.target, offer=offer, index=1, chunk=self.chunk(1), last=True), {"changed": True})
        self.assertEqual(self.target.read_bytes(), self.content)
        self.assertEqual((self.target.stat().st_uid, self.target.stat().st_mode & 0o777), (OWNER.pw_uid, 0o600))
        self.assertEqual(self.step("have", self.target)["there"], {"sha256": self.sha256, "chunks": []})
        # The answer was lost, and the chunk is brought again.
        self.assertEqual(self.step("take", self.target, offer=offer, index=1, chunk=self.chunk(1), last=True), {"changed": False})
        self.assertFalse(self.part.exists())
        self.assertEqual(self.target.read_bytes(), self.content)

    def test_all_of_it_is_there_but_its_name(self):
        offer = self.offer()
        self.part.write_bytes(self.content)
        self.own()
        self.assertEqual((self.missing(offer), self.step("have", self.target)["there"]["sha256"]), ([], None))
        self.assertEqual(self.step("finish", self.target, offer=offer), {"changed": True})
        self.assertEqual(self.target.read_bytes(), self.content)

    def test_what_is_gone_or_another_file_is_said(self):
        for changed in ({"sha256": "0" * 64}, {"path": str(self.source) + ".old"}):
            self.assertEqual(self.step("offer", **{"path": str(self.source), **changed})["belay_error"]["code"], "TRANSFER_MISSING")
        self.assertEqual(self.step("offer", self.source, sha256=self.sha256)["offer"]["sha256"], self.sha256)

    def test_a_damaged_chunk_is_missing_again(self):
        offer = self.offer()
        refused = self.step("take", self.target, offer=offer, index=0, chunk=self.chunk(0, b"x" * CHUNK))
        self.assertEqual(refused["belay_error"]["code"], "TRANSFER_DAMAGED")
        self.assertEqual(self.missing(offer), [0, 1, 2])
        self.assertEqual(self.step("finish", self.target, offer=offer)["belay_error"]["code"], "TRANSFER_DAMAGED")
        self.assertFalse(self.target.exists() or self.part.exists())

    def test_a_longer_part_of_something_else_is_cut(self):
        offer = self.offer()
        self.part.write_bytes(self.content + b"more")
        self.own()
        self.assertEqual(self.missing(offer), [2])
        self.step("take", self.target, offer=offer, index=2, chunk=self.chunk(2))
        self.assertEqual(self.step("finish", self.target, offer=offer), {"changed": True})
        self.assertEqual(self.target.read_bytes(), self.content)

    def test_no_link_is_followed(self):
        victim = self.folder / "victim"
        victim.write_text("root's own")
        offer = self.offer()
        self.part.symlink_to(victim)
        self.own()
        self.assertEqual(self.step("take", self.target, offer=offer, index=0, chunk=self.chunk(0))["belay_error"]["code"], "TRANSFER_REFUSED")
        self.part.unlink()
        shutil.rmtree(self.target.parent)
        self.target.parent.symlink_to(self.folder)
        self.own()
        self.assertEqual(self.step("have", self.target)["belay_error"]["code"], "TRANSFER_REFUSED")
        self.source.unlink()
        self.source.symlink_to(victim)
        self.assertEqual(self.step("offer", self.source)["belay_error"]["code"], "TRANSFER_REFUSED")
        self.assertEqual(victim.read_text(), "root's own")

    def test_a_chunk_is_read_with_the_rights_of_whoever_brought_it_and_nothing_else_is(self):
        secret = self.folder / "secret"
        secret.write_text("x")
        os.chmod(secret, 0o600)
        (self.folder / "link").symlink_to(secret)
        with self.assertRaises(subprocess.CalledProcessError):  # not even opened
            self.step("take", self.target, offer=self.offer(), index=0, chunk=str(self.folder / "link"))

    def test_only_folders_of_belay(self):
        for path in ("/etc/passwd", str(self.folder / "there/.belay/hold/x"), str(self.folder / "there/.belay/incoming/../../x")):
            self.assertEqual(self.step("offer", path)["belay_error"]["code"], "TRANSFER_REFUSED")


class Role(TransferCase):
    def play(self, **changes):
        given = {
            "transfer_from_host": "from", "transfer_from_path": str(self.source), "transfer_to_host": "to", "transfer_to_path": str(self.target),
            "transfer_sha256": self.sha256, **changes,
        }
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        (work / "inventory").write_text("from ansible_connection=local\nto ansible_connection=local\n")
        (work / "play.yml").write_text(json.dumps(PLAY))
        (work / "vars.json").write_text(json.dumps({**given, "ansible_python_interpreter": PYTHON}))
        environment = {
            **os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(work / "tmp"), "BELAY_OUTPUT": "text",
        }
        return subprocess.run(
            ["ansible-playbook", "-v", "-i", str(work / "inventory"), "-e", f"@{work / 'vars.json'}", str(work / "play.yml")],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )

    def assert_there(self, done):
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertEqual(self.target.read_bytes(), self.content)
        self.assertEqual(self.target.stat().st_uid, OWNER.pw_uid)
        self.assertEqual(os.listdir(self.source.parent), ["x.tar.zst"])
        self.assertEqual(list((self.folder / "work").rglob("belay-transfer-*")), [])

    def test_the_whole_file_and_a_second_time_nothing(self):
        self.assert_there(self.play())
        before = self.target.stat()
        self.assert_there(self.play())
        self.assertEqual(self.target.stat().st_mtime_ns, before.st_mtime_ns)

    def test_only_the_rest_is_brought(self):
        kept = bytearray(self.content[: 2 * CHUNK])
        kept[CHUNK] ^= 1
        self.part.write_bytes(kept)
        self.own()
        inode = self.part.stat().st_ino
        self.assert_there(self.play())
        self.assertEqual(self.target.stat().st_ino, inode)

    def test_all_was_there_but_its_name(self):
        self.part.write_bytes(self.content)
        self.own()
        self.assert_there(self.play(transfer_sha256=""))

    def test_another_file_than_was_asked_for_is_refused(self):
        done = self.play(transfer_sha256="0" * 64)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("TRANSFER_MISSING", done.stdout.decode())
        self.assertFalse(self.target.exists())


if __name__ == "__main__":
    unittest.main()
