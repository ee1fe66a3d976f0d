import pickle

import pytest
import yt_dlp

from hdvg.download.settings import DownloadConfig, wanted_formats
from hdvg.errors import InputError

COOKIES = "# Netscape HTTP Cookie File\n.site.test\tTRUE\t/\tFALSE\t0\tname\tvalue\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"max_bytes": 0},
        {"timeout_s": -1.0},
        {"retries": -1},
        {"requests_per_hour": -2.0},
        {"max_wait_s": -3.0},
        {"max_video_s": 0.0},
    ],
)
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        DownloadConfig(**changes)


@pytest.mark.parametrize("proxy", ["host:80", "ftp://host:21", "http://", "file:///etc/passwd"])
def test_a_proxy_is_an_address_and_its_password_stays_secret(proxy):
    with pytest.raises(InputError, match=r"download\.proxies\[1\]"):
        DownloadConfig(proxies=("http://host:1", proxy))
    with pytest.raises(InputError) as caught:
        DownloadConfig(proxies=("gopher://me:secret@host:1",))
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(DownloadConfig(proxies=("http://me:secret@host:1",)))


def test_egresses():
    assert DownloadConfig().num_egresses == 1
    assert DownloadConfig(proxies=("http://a:1", "socks5://b:2")).num_egresses == 2


def test_cookies_are_read_at_the_start_travel_and_are_not_shown(tmp_path):
    path = tmp_path / "cookies.txt"
    path.write_text(COOKIES)
    config = DownloadConfig(cookies=str(path))
    path.unlink()
    there = pickle.loads(pickle.dumps(config))
    assert there.cookie_text == COOKIES
    assert "value" not in repr(there)
    assert DownloadConfig().cookie_text == ""


def test_cookies_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read download\.cookies: .*nothing\.txt"):
        DownloadConfig(cookies=str(tmp_path / "nothing.txt"))
    (tmp_path / "page.html").write_text("<html>")
    with pytest.raises(InputError, match=r"not a Netscape cookies file .*page\.html"):
        DownloadConfig(cookies=str(tmp_path / "page.html"))


def _offer(*formats):
    """Formats as a page offers them, worst first: "codec height", or the codec alone."""
    made = []
    for number, text in enumerate(formats):
        codec, _, height = text.partition(" ")
        size = {"height": int(height), "width": int(height) * 16 // 9} if height else {}
        made.append({"format_id": text, "url": "http://a/", "ext": "mp4", "vcodec": codec, **size})
        made[-1] |= {"acodec": "none", "quality": number}
    return made


@pytest.mark.parametrize(
    ("offered", "min_height", "chosen"),
    [
        (["avc1 360", "avc1 720", "avc1 1080", "vp9 2160"], 720, "avc1 1080"),
        (["avc1 480", "av01 1080", "vp9 1080"], 720, "av01 1080"),
        (["avc1 480", "vp9 1080"], 720, "vp9 1080"),
        (["avc1 240", "avc1 480"], 720, "avc1 480"),  # which the filter then refuses
        (["avc1 240", "avc1 480"], 96, "avc1 480"),
        (["avc1 720", "avc1 1080", "avc1 2160", "vp9 4320"], 2160, "avc1 2160"),
        (["avc1"], 720, "avc1"),
    ],
)
def test_what_is_fetched_of_what_is_offered(offered, min_height, chosen):
    """As yt-dlp itself chooses."""
    options = {"format": wanted_formats(min_height), "quiet": True, "simulate": True}
    with yt_dlp.YoutubeDL(options) as session:
        info = {"id": "x", "title": "x", "extractor": "x", "formats": _offer(*offered)}
        found = session.process_ie_result(info, download=False)["format_id"]
    assert found == chosen.replace(" ", "_")
