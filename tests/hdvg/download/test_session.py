"""What goes out and what comes back when a session talks to a server."""

import contextlib
import socket
import socketserver
import threading

import pytest

from hdvg.download.fetch import fetch
from hdvg.download.page import Bounds
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure


def _cookie_file(path, host):
    path.write_text(f"# Netscape HTTP Cookie File\n{host}\tFALSE\t/\tFALSE\t0\tname\tvalue\n")
    return str(path)


def test_cookies_go_out_and_are_never_written_back(bad, send, clip, tmp_path):
    seen = []

    def answer(request, _):
        seen.append(request.headers.get("Cookie"))
        send(request, clip, Set_Cookie="name=changed; Path=/")

    bad.routes["/a.mp4"] = answer
    cookies = _cookie_file(tmp_path / "cookies.txt", "127.0.0.1")
    before = (tmp_path / "cookies.txt").read_bytes()
    config = DownloadConfig(retries=0, cookies=cookies)
    work = tmp_path / "work"
    for _ in range(2):
        work.mkdir(exist_ok=True)
        got = fetch(f"{bad.base}/a.mp4", work, config, Bounds())
        got.path.unlink()
    # Each session starts from the user's file; within one, the site's changes count.
    assert seen == ["name=value", "name=changed"] * 2
    assert (tmp_path / "cookies.txt").read_bytes() == before
    assert list(work.iterdir()) == []


def test_cookies_are_for_their_host_only(make_server, send, clip, tmp_path):
    other, seen = make_server("127.0.0.2"), []
    other.routes["/b.mp4"] = lambda request, _: (
        seen.append(request.headers.get("Cookie")),
        send(request, clip),
    )
    first = make_server()
    first.routes["/a"] = lambda request, _: send(
        request, status=302, Location=f"{other.base}/b.mp4"
    )
    cookies = _cookie_file(tmp_path / "cookies.txt", "127.0.0.1")
    fetch(f"{first.base}/a", tmp_path, DownloadConfig(retries=0, cookies=cookies), Bounds())
    assert set(seen) == {None}


def test_one_extraction_and_one_download(bad, send, clip, tmp_path):
    page = b'<!doctype html><html><title>t</title><body><video src="/a.mp4"></video></body></html>'
    bad.routes["/page"] = lambda request, _: send(request, page, "text/html")
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip)
    got = fetch(f"{bad.base}/page", tmp_path, DownloadConfig(retries=0), Bounds())
    assert (got.page.title[0], got.is_whole) == ("t", True)
    assert bad.hits == {"/page": 1, "/a.mp4": 1}


def test_a_file_of_unknown_size_may_not_be_whole(bad, send, clip, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip, Content_Length="")
    got = fetch(f"{bad.base}/a.mp4", tmp_path, DownloadConfig(retries=0), Bounds())
    assert (got.path.read_bytes(), got.is_whole) == (clip, False)


@pytest.mark.parametrize("name", ["../../evil.mp4", "a/../../evil.mp4", "%2e%2e%2fevil.mp4"])
def test_names_of_pages_are_no_names_of_files(bad, send, clip, tmp_path, name):
    work = tmp_path / "deep" / "work"
    work.mkdir(parents=True)
    bad.routes["/" + name] = lambda request, _: send(
        request, clip, Content_Disposition='attachment; filename="../../evil.mp4"'
    )
    with contextlib.suppress(VideoFailure):
        fetch(f"{bad.base}/{name}", work, DownloadConfig(retries=0), Bounds())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == list(work.glob("video.*"))


def test_a_program_is_no_video(bad, send, tmp_path):
    """yt-dlp refuses suffixes that a desktop would run."""
    bad.routes["/a.exe"] = lambda request, _: send(request, b"MZ" * 500, "video/x-msdownload")
    with pytest.raises(VideoFailure) as caught:
        fetch(f"{bad.base}/a.exe", tmp_path, DownloadConfig(retries=0), Bounds())
    assert caught.value.fail_class in ("permanent", "transient")
    assert list(tmp_path.glob("*.exe")) == []


@pytest.fixture
def socks():
    """A SOCKS5 proxy (RFC 1928) that leads every name to this machine; yields port and names."""
    names = []

    class Relay(socketserver.BaseRequestHandler):
        def handle(self):
            _, count = self.request.recv(2)
            self.request.recv(count)
            self.request.sendall(b"\x05\x00")
            assert self.request.recv(4) == b"\x05\x01\x00\x03"  # connect to a name
            names.append(self.request.recv(self.request.recv(1)[0]).decode())
            port = int.from_bytes(self.request.recv(2), "big")
            with socket.create_connection(("127.0.0.1", port)) as beyond:
                self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
                beyond.sendall(self.request.recv(2**16))
                while data := beyond.recv(2**16):
                    self.request.sendall(data)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1], names
    server.shutdown()
    server.server_close()


def test_a_socks_proxy_resolves_the_names(bad, send, clip, socks, tmp_path):
    port, names = socks
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip)
    url = bad.base.replace("127.0.0.1", "no-such-name.test") + "/a.mp4"
    proxy = f"socks5h://127.0.0.1:{port}"
    got = fetch(url, tmp_path, DownloadConfig(retries=0), Bounds(), proxy=proxy)
    assert got.path.read_bytes() == clip
    assert names == ["no-such-name.test"] * 2
