import shutil

import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.download.settings import DownloadConfig
from hdvg.make_video import Origin, VideoConfig
from hdvg.probe import FilterConfig
from hdvg.scan.config import ScanConfig
from hdvg.sources.local_folder import read_folder
from hdvg.try_videos import try_videos

CONFIG = VideoConfig(
    download=DownloadConfig(),
    filter=FilterConfig(min_height=128),
    scan=ScanConfig(min_scene_s=0.5),
    cut=CutConfig(),
)


def test_videos_are_measured_and_nothing_is_kept(media, truth, tmp_path):
    for name in ("web", "small"):
        shutil.copy(media[name], tmp_path / f"{name}.mp4")
    videos = read_folder(tmp_path)
    calls = []
    origin = Origin(source=str(tmp_path), folder=str(tmp_path))
    small, web = try_videos(videos, origin, CONFIG, calls.append)
    assert calls == [1, 2]
    assert small.failure == "content/low_resolution"
    assert (small.clips, small.stored_bytes) == (0, 0)
    assert (web.failure, web.requests, web.fetched_bytes, web.clips) == ("", 0, 0, 1)
    assert web.clips_s == pytest.approx(truth["web"]["duration_s"], abs=0.1)
    assert web.source_s == pytest.approx(truth["web"]["duration_s"], abs=0.1)
    # A copied clip is about as large as the video; the keyframe comes on top.
    size = media["web"].stat().st_size
    assert 0.5 * size < web.stored_bytes < 1.5 * size + 200_000
    assert web.cpu_s > small.cpu_s > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.mp4", "web.mp4"]
