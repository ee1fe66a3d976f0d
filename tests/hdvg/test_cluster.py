import os

import pytest

import hdvg.cluster as module
from hdvg.cluster import ray_session, run_units
from hdvg.cut.cut_clip import CutConfig
from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.make_unit import UnitJob
from hdvg.make_video import Origin, VideoConfig
from hdvg.probe import FilterConfig
from hdvg.scan.config import ScanConfig
from hdvg.sources.source_video import SourceVideo

STEPS = VideoConfig(
    download=DownloadConfig(), filter=FilterConfig(), scan=ScanConfig(), cut=CutConfig()
)


@pytest.fixture(scope="module")
def ray():
    with ray_session("", 2) as started:
        yield started


def _job(unit, *ids):
    videos = tuple(SourceVideo(video_id=name, kind="file", locator=name) for name in ids)
    origin = Origin(source="s")
    return UnitJob(root="/nowhere", unit=unit, videos=videos, origin=origin, config=STEPS)


def test_a_worker_that_dies_costs_only_the_video_it_died_of(ray, monkeypatch):
    # Defined here, so that it travels to the workers by value.
    def deadly(job, begin, done, wanted, gate):
        for video in job.videos:
            attempt = begin(video.video_id)
            if video.video_id == "killer" and attempt <= 2:
                os._exit(1)
            status = "failed" if video.video_id == "killer" else "ok"
            done({"video_id": video.video_id, "status": status, "fail_class": "x", "num_clips": 1})
        return {"unit": job.unit}

    monkeypatch.setattr(module, "make_unit", deadly)
    tallies = []
    run_units(ray, [_job("u0", "a", "killer", "b"), _job("u1", "c")], tallies.append)
    last = tallies[-1]
    assert (last.total, last.num_done, last.num_clips) == (4, 4, 4)
    assert dict(last.failures) == {"x": 1}


def test_a_full_disk_stops_the_build_in_words(ray, monkeypatch):
    def full(job, begin, done, wanted, gate):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "make_unit", full)
    with pytest.raises(InputError, match=r"the build stopped: .*No space left"):
        run_units(ray, [_job("u0", "a")], lambda _: None)
