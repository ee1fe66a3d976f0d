import errno
import subprocess
import sys

import pytest
from yt_dlp.utils import ExtractorError, UserNotLive

from hdvg.download.fetch import fetch, open_local
from hdvg.download.page import Bounds
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure
from hdvg.shapes.server import serve
from hdvg.sources.source_video import SourceVideo

NO_BOUNDS = Bounds()
QUICK = DownloadConfig(timeout_s=5.0, retries=0)


@pytest.fixture(scope="module")
def base(corpus):
    with serve(corpus / "site") as url:
        yield url


def _page(base, truth, name):
    return f"{base}/watch/{truth[name]['video_id']}.html"


def _fail(url, work, config=QUICK, bounds=NO_BOUNDS):
    with pytest.raises(VideoFailure) as caught:
        fetch(url, work, config, bounds)
    return caught.value


def test_page_gives_the_file_its_words_and_its_chapters(base, truth, media, tmp_path):
    got = fetch(_page(base, truth, ""), tmp_path, QUICK, NO_BOUNDS)
    assert got.path.parent == tmp_path
    assert got.path.read_bytes() == media[""].read_bytes()
    assert got.page.title == f"Shapes in motion {truth['']['video_id']}"
    assert [chapter.title for chapter in got.page.chapters] == truth[""]["captions"]
    starts = [chapter.start_s for chapter in got.page.chapters[1:]]
    assert starts == pytest.approx([cut["time_s"] for cut in truth[""]["cuts"]], abs=1e-3)


def test_web_page_has_alt_text_only(base, truth, tmp_path):
    page = fetch(_page(base, truth, "web"), tmp_path, QUICK, NO_BOUNDS).page
    assert page.description == f"{truth['web']['captions'][0]}, stock footage"
    assert page.chapters == ()


def test_direct_link_to_a_file(base, truth, media, tmp_path):
    url = f"{base}/media/{truth['']['video_id']}.mp4"
    assert fetch(url, tmp_path, QUICK, NO_BOUNDS).path.read_bytes() == media[""].read_bytes()


def test_missing_page(base, truth, tmp_path):
    failure = _fail(_page(base, truth, "missing"), tmp_path)
    assert (failure.fail_class, failure.code) == ("permanent", "not_found")
    # Ports change from run to run, rows may not.
    assert base.rsplit(":", 1)[1] not in failure.message
    assert str(tmp_path) not in failure.message


def test_nobody_listens(tmp_path):
    failure = _fail("http://127.0.0.1:9/watch/x.html", tmp_path)
    assert (failure.fail_class, failure.retryable) == ("transient", True)


def test_metadata_decides_before_bytes(base, truth, tmp_path):
    failure = _fail(_page(base, truth, ""), tmp_path, bounds=Bounds(max_duration_s=1.0))
    assert failure.code == "too_long"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("refuse", "code"),
    [
        (lambda extractor: extractor.raise_geo_restricted("only there", countries=["FR"]), "geo"),
        (lambda extractor: extractor.raise_geo_restricted(), "geo"),
        (lambda extractor: extractor.raise_login_required(), "permanent"),
        (lambda extractor: extractor.raise_no_formats("This video is DRM protected"), "permanent"),
        (lambda extractor: _raise(UserNotLive("gone")), "permanent"),
        (
            lambda extractor: _raise(ExtractorError("Sign in to confirm you're not a bot")),
            "throttled",
        ),
        (lambda extractor: _raise(KeyError("videoDetails")), "transient"),
    ],
)
def test_yt_dlp_s_own_refusals(base, truth, tmp_path, monkeypatch, refuse, code):
    monkeypatch.setattr(
        "yt_dlp.extractor.generic.GenericIE._real_extract", lambda self, _: refuse(self)
    )
    failure = _fail(_page(base, truth, ""), tmp_path)
    assert failure.fail_class == code
    assert "Error" not in failure.code


def _raise(error):
    raise error


HOPELESS = """
import sys
from pathlib import Path
import hdvg.download.fetch as module
from hdvg.download.page import Bounds
from hdvg.download.settings import DownloadConfig
import re, yt_dlp.extractor.generic as generic
generic.GenericIE._real_extract = lambda *_: re.match("(a+)+b", "a" * 60)
module.MAX_PAGE_S = 1.0
module.fetch(sys.argv[1], Path(sys.argv[2]), DownloadConfig(), Bounds())
"""


def test_a_page_that_no_expression_gets_through_ends_the_process(base, truth, tmp_path):
    command = [sys.executable, "-c", HOPELESS, _page(base, truth, ""), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "Timeout" in done.stderr


def test_files_over_the_limit_are_not_fetched(base, truth, tmp_path):
    failure = _fail(_page(base, truth, ""), tmp_path, DownloadConfig(max_bytes=1000, retries=0))
    assert failure.code == "too_large"


def test_local_files_cannot_be_named_by_a_page(base, corpus, tmp_path):
    playlist = corpus / "site/media/evil.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    try:
        failure = _fail(f"{base}/media/evil.m3u8", tmp_path)
    finally:
        playlist.unlink()
    assert failure.fail_class in ("permanent", "transient", "resource")
    assert not [p for p in tmp_path.iterdir() if p.is_file() and b"root:" in p.read_bytes()]


def test_local_file_with_a_text_beside_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.mp4").touch()
    (tmp_path / "in/a.txt").write_text("a dog\n runs\n")
    video = SourceVideo(video_id="a", kind="file", locator="in/a.mp4")
    got = open_local(video, tmp_path)
    assert (got.path, got.page.sidecar) == (tmp_path / "in/a.mp4", "a dog runs")


def test_local_file_that_is_gone(tmp_path):
    with pytest.raises(VideoFailure, match="file_missing"):
        open_local(SourceVideo(video_id="a", kind="file", locator="a.mp4"), tmp_path)


@pytest.mark.parametrize("locator", ["../secret.mp4", "in/../../secret.mp4", "/etc/passwd"])
def test_a_plan_cannot_lead_out_of_the_folder(tmp_path, locator):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.mp4").touch()
    video = SourceVideo(video_id="a", kind="file", locator=locator)
    with pytest.raises(VideoFailure, match="forbidden_address"):
        open_local(video, tmp_path / "in")


def test_a_full_disk_is_no_verdict_on_a_video(base, truth, tmp_path, monkeypatch):
    def full(self, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("yt_dlp.downloader.http.HttpFD.sanitize_open", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(_page(base, truth, ""), tmp_path, QUICK, NO_BOUNDS)


def test_words_of_a_page_cannot_fill_the_disk(bad, send, tmp_path):
    """Only a real error of the system stops a build."""
    bad.routes["/a.mp4"] = lambda request, _: send(request, status=500)
    failure = _fail(f"{bad.base}/a.mp4?No space left on device", tmp_path)
    assert failure.fail_class == "transient"
