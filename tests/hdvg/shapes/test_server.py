import http.client
import urllib.error
import urllib.request

import pytest

from hdvg.errors import InputError
from hdvg.shapes.server import serve


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    folder = root / "site"
    folder.mkdir()
    (folder / "urls.txt").write_text("watch/a.html\n")
    (folder / "video.mp4").write_bytes(bytes(range(100)))
    (folder / "a.html").write_text("<a href='@BASE@/video.mp4'>")
    (root / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(root / "secret.txt")
    return folder


@pytest.fixture(scope="module")
def base(site):
    with serve(site) as url:
        yield url


def _get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read(), dict(answer.headers)


def test_whole_file(base):
    status, body, headers = _get(f"{base}/video.mp4")
    assert (status, body, headers["Content-Type"]) == (200, bytes(range(100)), "video/mp4")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=10-19", 10, 19), ("bytes=90-", 90, 99), ("bytes=-5", 95, 99), ("bytes=0-500", 0, 99)],
)
def test_ranges(base, wanted, first, last):
    status, body, headers = _get(f"{base}/video.mp4", Range=wanted)
    assert (status, body) == (206, bytes(range(first, last + 1)))
    assert headers["Content-Range"] == f"bytes {first}-{last}/100"


def test_range_past_the_end(base):
    with pytest.raises(urllib.error.HTTPError) as caught:
        _get(f"{base}/video.mp4", Range="bytes=200-300")
    assert caught.value.code == 416


def test_head_has_no_body(base):
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
    connection.request("HEAD", "/video.mp4")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "100", b"")


def test_pages_learn_the_address(base):
    assert _get(f"{base}/a.html")[1].decode() == f"<a href='{base}/video.mp4'>"


@pytest.mark.parametrize(
    "path", ["/no.mp4", "/../secret.txt", "/%2e%2e/secret.txt", "/link.txt", "/"]
)
def test_nothing_outside_the_site(base, path):
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"secret" not in answer.read()


def test_a_folder_without_a_site_is_named(tmp_path):
    with pytest.raises(InputError, match=str(tmp_path)), serve(tmp_path):
        pass


def test_a_taken_port_is_named(site, base):
    port = int(base.rsplit(":", 1)[1])
    with pytest.raises(InputError, match=str(port)), serve(site, port):
        pass
