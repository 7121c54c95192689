"""A MariaDB server of the test's own: a temporary folder, a socket, no network; stopped and deleted at the end."""
import os
import shutil
import subprocess
import tempfile
import time

_INSTALL = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
_SERVER = ["--no-defaults", "--skip-networking", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"]


class Server:
    """`socket` and the user `root` without a password."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="belay-db-")
        self.socket = os.path.join(self.folder, "db.sock")
        self._process = None

    def start(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self):
        data = os.path.join(self.folder, "data")
        user = ["--user=root"] if os.geteuid() == 0 else []
        # A server that starts removes what looks like its own from a folder that it shares with others.
        subprocess.run([*_INSTALL, *user, f"--datadir={data}", f"--tmpdir={self.folder}"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self._process = subprocess.Popen(
            [server, *_SERVER, *user, f"--datadir={data}", f"--tmpdir={self.folder}", f"--socket={self.socket}", f"--pid-file={self.folder}/pid"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        while not os.path.exists(self.socket):
            if self._process.poll() is not None:
                raise RuntimeError("the database server did not start")
            time.sleep(0.02)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self.folder)

    def sql(self, text, database=""):
        """For the test's own questions, past Belay's code."""
        done = subprocess.run(
            ["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "-N", "-B", database],
            input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return [line.split("\t") for line in done.stdout.decode().splitlines()]
