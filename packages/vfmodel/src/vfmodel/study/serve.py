"""Serves a study's page and collects its votes.

Python's own HTTP server: it is always there, and all that is served is one page, the study's videos
by names that are looked up, and two calls. TLS is for a proxy in front of it.
"""

import contextlib
import json
import socket
import sys
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.study.byte_range import parse_range
from vfmodel.study.study_folder import MEDIA
from vfmodel.study.vote_desk import RefusedError, VoteDesk

_MAX_BODY_BYTES = 64 << 10
# More open connections than a few hundred raters make; a browser holds six at most.
_MAX_CONNECTIONS = 512
_IDLE_S = 30.0
_PIECE_BYTES = 1 << 18

_Request = socket.socket | tuple[bytes, socket.socket]  # as socketserver has it


@dataclass(frozen=True, kw_only=True)
class ServeConfig:
    """What `vfmodel study serve` is asked for."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets everybody in who reaches this machine."""
    port: int = 8080
    """TCP port to listen on; 0 takes a free one."""
    max_raters: int = 1000
    """Raters who are let in; whoever comes later is told that the study is over."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InputError(f"port must be in 0..65535, got {self.port}")
        if self.max_raters < 1:
            raise InputError(f"max_raters must be 1 or more, got {self.max_raters}")


class StudyServer(ThreadingHTTPServer):
    """A study that is up; as a context manager it is taken down."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, config: ServeConfig) -> None:
        """Opens the study and listens; `serve_forever` answers.

        Raises:
            InputError: Not a study, or the address cannot be had.
        """
        self.desk = VoteDesk(folder, config.max_raters)
        self._free = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        if ":" in config.host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((config.host, config.port), _Handler)
        except (OSError, OverflowError) as error:
            self.desk.store.close()
            raise InputError(f"cannot listen on {config.host}:{config.port}: {error}") from error
        host = f"[{config.host}]" if ":" in config.host else config.host
        self.url = f"http://{host}:{self.server_address[1]}/"

    def process_request(self, request: _Request, client_address: object) -> None:
        """Turns a connection away where too many are open."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: _Request, client_address: object) -> None:
        """Answers one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Says nothing of raters who close their browser in the middle of a video."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Stops listening and closes the database."""
        super().server_close()
        self.desk.store.close()


class _Handler(BaseHTTPRequestHandler):
    server: StudyServer
    protocol_version = "HTTP/1.1"
    server_version = "study"
    sys_version = ""
    timeout = _IDLE_S

    def do_GET(self) -> None:
        self._get(body=True)

    def do_HEAD(self) -> None:
        self._get(body=False)

    def do_POST(self) -> None:
        calls = {"/api/join": self.server.desk.join, "/api/votes": self.server.desk.vote}
        try:
            request = self._read_json()
            call = calls.get(self.path)
            if call is None:
                raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
            self._send_json(HTTPStatus.OK, call(request))
        except RefusedError as error:
            self._send_json(error.status, {"error": str(error)})
        except InputError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def log_message(self, format: str, *args: object) -> None:
        """Keeps no addresses of raters."""

    def _get(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path in ("/", "/index.html"):
            self._head(HTTPStatus.OK, "text/html; charset=utf-8", len(self.server.desk.page))
            if body:
                self.wfile.write(self.server.desk.page)
            return
        file = self.server.desk.media.get(path.removeprefix(f"/{MEDIA}/"))
        if file is None or not path.startswith(f"/{MEDIA}/"):
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})
            return
        self._send_video(file, body=body)

    def _send_video(self, path: Path, *, body: bool) -> None:
        """A video or the range of it that is asked for; Safari plays nothing without ranges."""
        try:
            file = path.open("rb")
        except OSError:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "this video is gone"})
            return
        with file:
            nbytes = path.stat().st_size
            part = parse_range(self.headers.get("Range"), nbytes)
            if part is None:
                extra = {"Content-Range": f"bytes */{nbytes}"}
                self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "video/mp4", 0, extra)
                return
            extra = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=86400"}
            status = HTTPStatus.OK
            if self.headers.get("Range"):
                status = HTTPStatus.PARTIAL_CONTENT
                extra["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{nbytes}"
            self._head(status, "video/mp4", len(part), extra)
            if body:
                file.seek(part.start)
                left = len(part)
                while left and (piece := file.read(min(left, _PIECE_BYTES))):
                    self.wfile.write(piece)
                    left -= len(piece)

    def _read_json(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal() or int(length) > _MAX_BODY_BYTES:
            # What follows is not read, so nothing after it on this connection can be told apart.
            self.close_connection = True
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        content = self.rfile.read(int(length))
        try:
            request = json.loads(content)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            raise InputError("the request must be a JSON object")
        return request

    def _send_json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self._head(status, "application/json", len(body))
        self.wfile.write(body)

    def _head(
        self, status: HTTPStatus, kind: str, nbytes: int, extra: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(nbytes),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
        }
        for name, value in (headers | (extra or {})).items():
            self.send_header(name, value)
        self.end_headers()


def serve(folder: Path, config: ServeConfig) -> None:
    """Serves until the process is interrupted.

    Raises:
        InputError: As `StudyServer`.
    """
    with StudyServer(folder, config) as server, contextlib.suppress(KeyboardInterrupt):
        raters, votes = server.desk.store.count()
        sys.stdout.write(f"{server.url}  ({raters} raters and {votes} votes so far; Ctrl-C ends)\n")
        sys.stdout.flush()
        server.serve_forever()
