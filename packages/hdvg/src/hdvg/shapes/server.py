"""Offers a rendered site over HTTP on this machine, with byte ranges as video servers have them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

from hdvg.errors import InputError
from hdvg.shapes.site import BASE_PLACEHOLDER

_TYPES = {".html": "text/html; charset=utf-8", ".mp4": "video/mp4", ".txt": "text/plain"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@contextmanager
def serve(site: Path, port: int = 0) -> Iterator[str]:
    """Serves a site while the context lasts.

    Args:
        site: The `site` folder of a corpus.
        port: TCP port on 127.0.0.1; 0 takes a free one.

    Yields:
        The address, such as "http://127.0.0.1:40123".

    Raises:
        InputError: The folder holds no site, or the port is taken.
    """
    if not (site / "urls.txt").is_file():
        raise InputError(f"no rendered site in {site}")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, site=site.resolve()))
    except OSError as error:
        raise InputError(f"cannot listen on port {port}: {error}") from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, site: Path) -> None:
        self._site = site
        super().__init__(*args)  # type: ignore[arg-type]  # request, address and server

    def handle(self) -> None:
        """Answers requests until the client leaves, which it may do at any moment."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet: the reader of a build's log does not need every request."""

    def _answer(self, with_body: bool) -> None:
        path = self._site / unquote(urlsplit(self.path).path).lstrip("/")
        # Resolved first, so that neither ".." nor a link leads out of the site.
        path = path.resolve()
        if not path.is_relative_to(self._site) or not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        data = path.read_bytes()
        if path.suffix == ".html":
            base = f"http://{self.headers.get('Host', '127.0.0.1')}"
            data = data.replace(BASE_PLACEHOLDER.encode(), base.encode())
        status, first, last = _wanted(self.headers.get("Range"), len(data))
        body = data[first : last + 1]
        self.send_response(status)
        self.send_header("Content-Type", _TYPES.get(path.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if status is not HTTPStatus.OK:
            place = f"{first}-{last}" if body else "*"
            self.send_header("Content-Range", f"bytes {place}/{len(data)}")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _wanted(header: str | None, size: int) -> tuple[HTTPStatus, int, int]:
    """Reads a Range header: the status to answer with, the first byte and the last one."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match.group(0) == "bytes=-":
        return HTTPStatus.OK, 0, size - 1
    begin, end = match.groups()
    if not begin:
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(begin), min(int(end or size), size - 1)
    if first > last:
        return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, -1
    return HTTPStatus.PARTIAL_CONTENT, first, last
