"""PHP-FPM with a pool of the test's own, and a small web server in front of it that hands every request on by FastCGI."""
import glob
import http.server
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

_BEGIN, _END, _PARAMS, _STDIN, _STDOUT = 1, 3, 4, 5, 6


class Pool:
    """Serves `<root>/current/<script>`; `prepend` is run before every script, or nothing."""

    def __init__(self, root, prepend="", workers=4, backlog=64):
        self.folder = tempfile.mkdtemp(prefix="belay-fpm-")
        self.socket = os.path.join(self.folder, "fpm.sock")
        config = os.path.join(self.folder, "fpm.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f"[global]\npid={self.folder}/pid\nerror_log={self.folder}/log\n[www]\nuser=root\ngroup=root\nlisten={self.socket}\nlisten.backlog={backlog}\n"
                f"pm=static\npm.max_children={workers}\nphp_admin_value[auto_prepend_file]={prepend}\nphp_admin_value[opcache.enable]=0\n"
            )
        program = sorted(glob.glob("/usr/sbin/php-fpm*"))[-1]
        self._process = subprocess.Popen([program, "-R", "-F", "-y", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self._web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(str(root), self.socket))
        self._web.daemon_threads = True
        self._web.block_on_close = False
        self._thread = threading.Thread(target=self._web.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._web.server_port}"
        while not self._listens():
            if self._process.poll() is not None:
                raise RuntimeError("PHP-FPM did not start")
            time.sleep(0.02)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def close(self):
        self._web.shutdown()
        self._thread.join()
        self._web.server_close()
        # Its workers too: one may be in a script that never ends.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.folder)


def _handler(root, path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802  (the library's name)
            name, _, query = self.path.partition("?")
            home = os.path.realpath(os.path.join(root, "current"))
            headers = {"HTTP_" + key.upper().replace("-", "_"): value for key, value in self.headers.items()}
            try:
                head, _, body = _ask(path, {
                    "SCRIPT_FILENAME": home + name, "SCRIPT_NAME": name, "DOCUMENT_ROOT": home, "REQUEST_METHOD": "GET", "REQUEST_URI": self.path,
                    "QUERY_STRING": query, **headers,
                }).partition(b"\r\n\r\n")
            except OSError:
                return self.send_error(502)
            if not head:
                return self.send_error(502)
            status = next((int(line.split()[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"status:")), 200)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def _ask(path, parameters):
    """The whole output of one request; what came before the pool went away."""
    with socket.socket(socket.AF_UNIX) as pool:
        pool.connect(path)
        pairs = b"".join(_sized(key.encode(), value.encode()) for key, value in parameters.items())
        pool.sendall(_record(_BEGIN, struct.pack(">HB5x", 1, 0)) + _record(_PARAMS, pairs) + _record(_PARAMS, b"") + _record(_STDIN, b""))
        output, stream = b"", pool.makefile("rb")
        while len(head := stream.read(8)) == 8:
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
            content = stream.read(length + padding)[:length]
            if kind == _STDOUT:
                output += content
            if kind == _END:
                break
        return output


def _sized(key, value):
    return struct.pack(">II", len(key) | 1 << 31, len(value) | 1 << 31) + key + value


def _record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content
