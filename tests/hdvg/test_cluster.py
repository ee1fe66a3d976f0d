import ctypes
import os
import socket
from dataclasses import replace

import pytest

import hdvg.cluster as module
from hdvg.cluster import check_address, ray_session, run_units
from hdvg.cut.cut_clip import CutConfig
from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.make_unit import OVERDUE, UnitJob
from hdvg.make_video import Origin, VideoConfig
from hdvg.probe import FilterConfig
from hdvg.scan.config import ScanConfig
from hdvg.sources.source_video import SourceVideo
from hdvg.watchdog import time_limit

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


def test_a_decoder_that_hangs_is_ended_and_the_video_given_up(ray, monkeypatch):
    def hanging(job, begin, done, wanted, gate):
        for video in job.videos:
            attempt = begin(video.video_id)
            gave_up = attempt == OVERDUE
            if video.video_id == "hanger" and not gave_up:
                with time_limit(job.config.download.max_video_s):
                    ctypes.PyDLL(None).sleep(100)  # keeps the interpreter's lock, as decoders may
            status = "failed" if gave_up else "ok"
            done({"video_id": video.video_id, "status": status, "fail_class": "x", "num_clips": 1})
        return {"unit": job.unit}

    monkeypatch.setattr(module, "make_unit", hanging)
    steps = replace(STEPS, download=DownloadConfig(max_video_s=1.0))
    tallies = []
    run_units(ray, [replace(_job("u0", "a", "hanger", "b"), config=steps)], tallies.append)
    assert (tallies[-1].num_done, dict(tallies[-1].failures)) == (3, {"x": 1})


def test_workers_share_one_pace(ray, monkeypatch):
    """Each asks for one video of a site that may be asked for one at a time."""

    def asking(job, begin, done, wanted, gate):
        turns = [gate.claim("site.test", frozenset()) for _ in range(3)]
        given = sum(turn.egress >= 0 for turn in turns)
        gate.settle("other.test", gate.claim("other.test", frozenset()), True, 100.0)
        for video in job.videos:
            done({"video_id": video.video_id, "status": "ok", "num_clips": given})

    monkeypatch.setattr(module, "make_unit", asking)
    steps = replace(STEPS, download=DownloadConfig(requests_per_hour=1.0, proxies=("http://a:1",)))
    jobs = [replace(_job(f"u{n}", f"v{n}"), config=steps) for n in range(3)]
    tallies = []
    run_units(ray, jobs, tallies.append)
    assert (tallies[-1].num_done, tallies[-1].num_clips) == (3, 1)


def test_a_full_disk_stops_the_build_in_words(ray, monkeypatch):
    def full(job, begin, done, wanted, gate):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "make_unit", full)
    with pytest.raises(InputError, match=r"the build stopped: .*No space left"):
        run_units(ray, [_job("u0", "a")], lambda _: None)


@pytest.mark.parametrize("address", ["nonsense", "host:", ":6379", "host:port"])
def test_an_address_without_host_and_port_is_refused(address):
    with pytest.raises(InputError, match=f"must be auto or host:port, got '{address}'"):
        check_address(address)


def test_an_address_is_tried_before_ray_is_asked():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        check_address(f"127.0.0.1:{port}")
        check_address(f"ray://127.0.0.1:{port}")
    for address in (f"127.0.0.1:{port}", "127.0.0.1:99999"):
        with pytest.raises(InputError, match="no Ray cluster at '127"):
            check_address(address)
    for address in ("", "auto", "local"):
        check_address(address)


def test_the_end_of_ray_is_told_in_words_and_bugs_are_not():
    import ray as library

    words = r"stopped with Ray \(.*raylet died\); the same command"
    with pytest.raises(InputError, match=words), module._ray_alive(library):
        raise library.exceptions.LocalRayletDiedError
    with pytest.raises(library.exceptions.RayTaskError), module._ray_alive(library):
        raise library.exceptions.RayTaskError("work", "trace", ZeroDivisionError())
