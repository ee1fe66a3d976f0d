"""A server that misbehaves on purpose, and a small video for it to serve."""

import http.server
import threading
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest

from hdvg.video import write_video


class BadServer:
    """Answers each path by a function that gets the request and how often that path was asked.

    It takes requests for other hosts too, as a proxy gets them; the path is the same then.
    """

    def __init__(self, address):
        self.hits = Counter()
        self.routes = {}
        bad = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self):
                with suppress(OSError):
                    super().handle()

            def do_GET(self):
                path = "/" + self.path.split("://", 1)[-1].split("/", 1)[-1]
                bad.hits[path] += 1
                bad.routes[path](self, bad.hits[path])

            def do_HEAD(self):
                self.do_GET()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://{address}:{self._server.server_address[1]}"
        kwargs = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=kwargs, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def make_server():
    made = []

    def make(address="127.0.0.1"):
        made.append(BadServer(address))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def bad(make_server):
    return make_server()


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """The bytes of a video of 12 frames, 64x48."""
    frames = np.random.default_rng(0).integers(0, 255, (12, 3, 48, 64), np.uint8)
    path = write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, 12)
    return path.read_bytes()


@pytest.fixture(scope="session")
def send():
    """Answers a request: `send(request, body, kind, status, **headers)`, "_" being "-"."""

    def answer(request, body=b"", kind="video/mp4", status=200, **headers):
        request.send_response(status)
        headers = {"Content_Type": kind, "Content_Length": str(len(body))} | headers
        for name, value in headers.items():
            if value:
                request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer
