"""What a server can do to a download: each trick ends in its named failure, and within seconds."""

import gzip
import os
import time

import pytest

import hdvg.download.budget as budget
import hdvg.download.reach as reach
from hdvg.download.fetch import fetch
from hdvg.download.page import Bounds
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure

QUICK = DownloadConfig(timeout_s=0.6, retries=0, max_bytes=2**20, max_video_s=20.0)
PAGE = b"<!doctype html><html><head><title>a page</title></head><body>nothing</body></html>"


def _fail(url, work, config=QUICK):
    started_s = time.monotonic()
    with pytest.raises(VideoFailure) as caught:
        fetch(url, work, config, Bounds())
    assert time.monotonic() - started_s < 6
    assert not [path for path in work.rglob("*") if b"root:" in path.read_bytes()]
    return caught.value.code


def _drip(request, _, step_s=0.05):
    request.send_response(200)
    request.send_header("Content-Type", "video/mp4")
    request.send_header("Content-Length", "100000")
    request.end_headers()
    for _ in range(200):
        request.wfile.write(b"x")
        time.sleep(step_s)


def _drip_headers(request, _):
    for letter in b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200:
        request.wfile.write(bytes([letter]))
        time.sleep(0.05)


def _stall(request, _):
    request.send_response(200)
    request.send_header("Content-Type", "video/mp4")
    request.send_header("Content-Length", "100000")
    request.end_headers()
    request.wfile.write(b"x" * 2000)
    time.sleep(5)


def _endless(kind):
    def answer(request, _):
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.end_headers()
        while True:
            request.wfile.write(b"<p>more</p>" * 6000)

    return answer


def test_silence_ends_at_the_timeout(bad, tmp_path):
    bad.routes["/a.mp4"] = _stall
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "timeout"


def test_a_drip_is_found_out_though_it_is_never_silent(bad, tmp_path):
    bad.routes["/a.mp4"] = _drip
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "stalled"


def test_headers_that_drip(bad, tmp_path):
    bad.routes["/a.mp4"] = _drip_headers
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "timeout"


def test_a_body_shorter_than_promised(bad, send, clip, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip, Content_Length="900000")
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "incomplete_read"


def test_a_body_without_end(bad, tmp_path):
    bad.routes["/a.mp4"] = _endless("video/mp4")
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "too_large"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= QUICK.max_bytes


def test_a_page_without_end(bad, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "MAX_PAGE_BYTES", 2**20)
    bad.routes["/page"] = _endless("text/html")
    assert _fail(f"{bad.base}/page", tmp_path) == "too_large"


def test_a_page_that_unpacks_without_end(bad, send, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "MAX_PAGE_BYTES", 2**20)
    bomb = gzip.compress(b"<p>more</p>" * 2**20)
    assert len(bomb) < 2**16
    bad.routes["/page"] = lambda request, _: send(
        request, bomb, "text/html", Content_Encoding="gzip"
    )
    assert _fail(f"{bad.base}/page", tmp_path) == "too_large"


def test_a_redirect_with_a_body_without_end(bad, send, clip, tmp_path):
    def away(request, _):
        request.send_response(302)
        request.send_header("Location", "/a.mp4")
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 60_000)

    bad.routes["/away"] = away
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip)
    assert fetch(f"{bad.base}/away", tmp_path, QUICK, Bounds()).path.read_bytes() == clip


def test_a_refusal_with_a_body_without_end(bad, tmp_path, monkeypatch):
    def refuse(request, _):
        request.send_response(403)
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 60_000)

    monkeypatch.setattr(budget, "MAX_PAGE_BYTES", 2**20)
    bad.routes["/a.mp4"] = refuse
    assert _fail(f"{bad.base}/a.mp4", tmp_path) in ("http_403", "too_large")


def test_a_packed_page_that_ends_early(bad, send, tmp_path):
    packed = gzip.compress(bytes(range(256)) * 50)[:-40]
    bad.routes["/page"] = lambda request, _: send(
        request, packed, "text/html", Content_Encoding="gzip"
    )
    assert _fail(f"{bad.base}/page", tmp_path) in ("incomplete_read", "connection")


def test_a_packed_page_is_read(bad, send, tmp_path, clip):
    page = PAGE.replace(b"nothing", b'<video src="/a.mp4"></video>')
    packed = gzip.compress(page)
    bad.routes["/page"] = lambda request, _: send(
        request, packed, "text/html", Content_Encoding="gzip"
    )
    bad.routes["/a.mp4"] = lambda request, _: send(request, clip)
    assert fetch(f"{bad.base}/page", tmp_path, QUICK, Bounds()).path.read_bytes() == clip


def test_a_huge_promise_is_not_even_begun(bad, send, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, b"x", Content_Length=str(10**15))
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "too_large"
    assert list(tmp_path.iterdir()) == []


def test_the_hour_is_up(bad, tmp_path):
    def slow(request, _):
        _drip(request, 0, step_s=0.0)
        time.sleep(2)

    bad.routes["/a.mp4"] = slow
    config = DownloadConfig(timeout_s=5.0, retries=0, max_video_s=0.01)
    assert _fail(f"{bad.base}/a.mp4", tmp_path, config) == "walltime"


def test_a_page_in_place_of_a_video(bad, send, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, PAGE, "text/html")
    assert _fail(f"{bad.base}/a.mp4", tmp_path) == "unsupported_page"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/loop", "redirect_loop"),
        ("file:///etc/passwd", "forbidden_address"),
        ("ftp://127.0.0.1/x.mp4", "forbidden_address"),
        ("data:video/mp4;base64,AAAA", "forbidden_address"),
        ("gopher://127.0.0.1:1/", "forbidden_address"),
    ],
)
def test_redirects_to_nowhere_good(bad, send, tmp_path, target, code, status):
    bad.routes["/loop"] = lambda request, _: send(request, status=status, Location=target)
    assert _fail(f"{bad.base}/loop", tmp_path) == code


def test_a_redirect_to_the_video_is_followed(make_server, bad, send, clip, tmp_path):
    other = make_server("127.0.0.2")
    other.routes["/b.mp4"] = lambda request, _: send(request, clip)
    bad.routes["/a"] = lambda request, _: send(request, status=302, Location=f"{other.base}/b.mp4")
    assert fetch(f"{bad.base}/a", tmp_path, QUICK, Bounds()).path.read_bytes() == clip


@pytest.fixture
def home(make_server, send, clip, monkeypatch):
    """A server of the private network, as seen by downloads that start on the public one."""
    server = make_server("127.0.0.2")
    server.routes["/secret.mp4"] = lambda request, _: send(request, clip)
    monkeypatch.setattr(reach, "is_private", lambda address: address == "127.0.0.2")
    return server


def _playlist(*lines):
    head = ("#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0")
    return "\n".join([*head, *lines, "#EXT-X-ENDLIST", ""]).encode()


def _manifest(base):
    return f"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1000" width="1280"
 height="720" codecs="avc1.4d401f"><BaseURL>{base}</BaseURL><SegmentList duration="1">
<SegmentURL media="{base}"/></SegmentList></Representation></AdaptationSet></Period></MPD>
""".encode()


HLS, DASH = "application/vnd.apple.mpegurl", "application/dash+xml"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (_playlist("#EXTINF:1,", "file:///etc/passwd"), HLS),
        (_playlist('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"', "#EXTINF:1,", "/a"), HLS),
        (_playlist('#EXT-X-MAP:URI="file:///etc/passwd"', "#EXTINF:1,", "/a"), HLS),
        (_manifest("file:///etc/passwd"), DASH),
    ],
    ids=["hls piece", "hls key", "hls head", "dash"],
)
def test_playlists_cannot_name_files(bad, send, clip, tmp_path, body, kind):
    bad.routes["/list"] = lambda request, _: send(request, body, kind)
    bad.routes["/a"] = lambda request, _: send(request, clip)
    assert _fail(f"{bad.base}/list", tmp_path) == "forbidden_address"


def test_nothing_public_leads_home(bad, home, send, tmp_path):
    target = f"{home.base}/secret.mp4"
    bad.routes["/redirect"] = lambda request, _: send(request, status=302, Location=target)
    bad.routes["/hls"] = lambda request, _: send(request, _playlist("#EXTINF:1,", target), HLS)
    bad.routes["/dash"] = lambda request, _: send(request, _manifest(target), DASH)
    page = PAGE.replace(b"nothing", f'<video src="{target}"></video>'.encode())
    bad.routes["/page"] = lambda request, _: send(request, page, "text/html")
    for path in ("/redirect", "/hls", "/dash", "/page"):
        assert _fail(bad.base + path, tmp_path) == "forbidden_address"
    assert home.hits.total() == 0


def test_streams_are_taken_piece_by_piece(bad, send, clip, tmp_path):
    half = len(clip) // 2
    body = _playlist("#EXTINF:1,", "/1", "#EXTINF:1,", "/2")
    bad.routes["/list.m3u8"] = lambda request, _: send(request, body, HLS)
    bad.routes["/1"] = lambda request, _: send(request, clip[:half])
    bad.routes["/2"] = lambda request, _: send(request, clip[half:])
    assert fetch(f"{bad.base}/list.m3u8", tmp_path, QUICK, Bounds()).path.read_bytes() == clip


def test_a_stream_that_is_cut_off_in_the_middle(bad, send, clip, tmp_path):
    body = _playlist("#EXTINF:1,", "/1", "#EXTINF:1,", "/2")
    bad.routes["/list.m3u8"] = lambda request, _: send(request, body, HLS)
    bad.routes["/1"] = lambda request, _: send(request, clip)
    bad.routes["/2"] = lambda request, _: send(request, status=403)
    assert _fail(f"{bad.base}/list.m3u8", tmp_path) == "http_403"


def test_a_stream_with_endless_pieces(bad, send, tmp_path):
    body = _playlist(*["#EXTINF:1,", "/1"] * 1000)
    bad.routes["/list.m3u8"] = lambda request, _: send(request, body, HLS)
    bad.routes["/1"] = lambda request, _: send(request, b"x" * 2**18)
    assert _fail(f"{bad.base}/list.m3u8", tmp_path) == "too_large"
    assert bad.hits["/1"] <= 5


def test_no_other_program_is_started(bad, send, clip, tmp_path, monkeypatch):
    """A playlist with a feature that yt-dlp itself hands to ffmpeg."""
    spy = tmp_path / "bin"
    spy.mkdir()
    for name in ("ffmpeg", "ffprobe", "avconv", "curl", "wget", "aria2c"):
        (spy / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (spy / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy}:{os.environ['PATH']}")
    key = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="/key"'
    body = _playlist(key, "#EXTINF:1,", "/1")
    bad.routes["/list.m3u8"] = lambda request, _: send(request, body, HLS)
    bad.routes["/1"] = lambda request, _: send(request, clip)
    work = tmp_path / "work"
    work.mkdir()
    assert _fail(f"{bad.base}/list.m3u8", work) in ("unsupported_page", "drm")
    assert not (tmp_path / "started").exists()
