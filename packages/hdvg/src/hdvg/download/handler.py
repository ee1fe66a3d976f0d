"""The one request handler that yt-dlp may use: http and https only, judged and counted.

Pages and playlists are untrusted. Everything that they make yt-dlp ask for passes through here,
redirects and the pieces of streams included, so that nothing can be read from this machine, asked
of its private network, or sent without end.
"""

import contextlib
import http.client
import socket
import threading
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from urllib.parse import urljoin

from yt_dlp.networking import Request, Response
from yt_dlp.networking._helper import add_accept_encoding_header
from yt_dlp.networking._urllib import HTTPHandler, ProxyHandler, RedirectHandler, UrllibRH
from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, RequestError, TransportError

from hdvg.download.budget import Budget
from hdvg.download.reach import Reach
from hdvg.failures import VideoFailure

# Asked for one by one, so that a server which drips is found out between two pieces.
_PIECE_BYTES = 2**16
# For the answer's first line and headers together, in socket timeouts; chosen here.
_HEADER_TIMEOUTS = 3


class Guard:
    """Watches over one download.

    Attributes:
        reach: Which addresses it may visit.
        budget: What it may use up.
        verdict: The first failure found. Libraries in between may swallow or reword the error, so
            whoever runs the download asks for it in the end.
        is_whole: Whether every answer so far said how long it was.
    """

    def __init__(self, reach: Reach, budget: Budget) -> None:
        self.reach = reach
        self.budget = budget
        self.verdict: VideoFailure | None = None
        self.is_whole = True

    def fail(self, failure: VideoFailure) -> VideoFailure:
        """Remembers the first failure and returns it."""
        self.verdict = self.verdict or failure
        return self.verdict

    @contextlib.contextmanager
    def judging(self) -> Iterator[None]:
        """Turns failures found in the block into what yt-dlp expects of a connection."""
        try:
            yield
        except VideoFailure as failure:
            raise RequestError(self.fail(failure).message) from failure


class GuardedRH(UrllibRH):
    """Sends requests, as far as the guard lets them."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    guard: Guard

    def _create_instance(
        self, proxies: dict[str, str], cookiejar: CookieJar, legacy_ssl_support: bool | None = None
    ) -> urllib.request.OpenerDirector:
        opener = urllib.request.OpenerDirector()
        connections = _Connections(
            self.guard,
            self.timeout * _HEADER_TIMEOUTS,
            context=self._make_sslcontext(legacy_ssl_support=legacy_ssl_support),
            source_address=self.source_address,
        )
        for handler in (
            ProxyHandler(proxies),
            connections,
            urllib.request.HTTPCookieProcessor(cookiejar),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects(self.guard),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        return opener

    def _prepare_headers(self, _: Request, headers: dict[str, str]) -> None:
        add_accept_encoding_header(headers, ["gzip"])

    def _send(self, request: Request) -> Response:
        with self.guard.judging():
            self.guard.reach.check(request.url)
            self.guard.budget.start_reading()
        try:
            return _Answer(super()._send(request), self.guard)
        except HTTPError as error:
            raise HTTPError(_Answer(error.response, self.guard), error.redirect_loop) from error


class _Redirects(RedirectHandler):
    """Follows redirects to where the guard allows."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: http.client.HTTPResponse,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> object:
        target = headers.get("location") or headers.get("uri")
        if target:
            with self._guard.judging():
                self._guard.reach.check(urljoin(req.full_url, target))
        # The library would read the whole body of a redirect, which nobody looks at.
        fp.read = lambda *_: b""  # type: ignore[method-assign]
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _Connections(HTTPHandler):
    """Opens connections, and hangs up on servers that take their time over the headers."""

    def __init__(self, guard: Guard, limit_s: float, **options: object) -> None:
        super().__init__(**options)
        self._guard = guard
        self._limit_s = limit_s

    def do_open(
        self,
        http_class: Callable[..., http.client.HTTPConnection],
        req: urllib.request.Request,
        **options: object,
    ) -> object:
        made: list[http.client.HTTPConnection] = []

        def make(*args: object, **more: object) -> http.client.HTTPConnection:
            made.append(http_class(*args, **more))
            return made[-1]

        timer = threading.Timer(self._limit_s, self._hang_up, [made])
        timer.daemon = True
        timer.start()
        try:
            return super().do_open(make, req, **options)
        finally:
            timer.cancel()

    def _hang_up(self, made: list[http.client.HTTPConnection]) -> None:
        self._guard.fail(VideoFailure("timeout", "no answer in time"))
        for connection in made:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def http_response(
        self, req: urllib.request.Request, resp: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        """Leaves the body packed: unpacking it here would know no bounds."""
        return resp

    https_response = http_response


class _Answer(Response):
    """A response that is counted as it is read."""

    def __init__(self, response: Response, guard: Guard) -> None:
        super().__init__(
            response.fp, response.url, response.headers, response.status, response.reason
        )
        self._guard = guard
        self._response = response  # which would close the connection if it were collected
        packed = "gzip" in (self.get_header("Content-Encoding") or "").lower()
        # Counted here: Python before 3.12 does not count what `read1` brings.
        self._missing: int | None = None if packed else getattr(response.fp, "length", None)
        self._body = _Unpacked(response.fp) if packed else response.fp
        length = self.get_header("Content-Length") or ""
        if packed or not length.isdecimal():
            guard.is_whole = False

    def read(self, amt: int | None = None) -> bytes:
        """Reads `amt` bytes, or fewer at the end; everything if it is None."""
        pieces: list[bytes] = []
        missing = amt
        while missing is None or missing > 0:
            piece = self._read_piece(_PIECE_BYTES if missing is None else missing)
            if not piece:
                break
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece)
        return b"".join(pieces)

    def _read_piece(self, size: int) -> bytes:
        if self.closed or self._missing == 0:
            self.close()
            return b""
        try:
            piece: bytes = self._body.read1(min(size, self._missing or size, _PIECE_BYTES))
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise TransportError(cause=error) from error
        with self._guard.judging():
            self._guard.budget.spend(len(piece))
        if self._missing is not None:
            if not piece:
                raise IncompleteRead(partial=0, expected=self._missing)
            self._missing -= len(piece)
        return piece


class _Unpacked:
    """Unpacks gzip piece by piece, so that what comes out is counted before it fills the memory."""

    def __init__(self, packed: http.client.HTTPResponse) -> None:
        self._packed = packed
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    def read1(self, size: int) -> bytes:
        """Up to `size` bytes; none only at the end."""
        while not self._unpacker.eof:
            data = self._unpacker.unconsumed_tail or self._packed.read1(_PIECE_BYTES)
            if not data:
                raise http.client.IncompleteRead(b"")
            if piece := self._unpacker.decompress(data, size):
                return piece
        return b""
