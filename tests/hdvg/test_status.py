import pytest

from hdvg.claim import claim
from hdvg.commands.status import format_status
from hdvg.plan import settle_plan
from hdvg.purge import purge
from hdvg.sources.source_video import SourceVideo
from hdvg.status import read_status


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def test_everything_is_counted(storage, tmp_path):
    status = read_status(storage)
    assert (status.units_committed, status.units_planned) == (2, 2)
    assert status.outcomes == {"ok": 4, "transient/timeout": 1}
    assert (status.num_clips, status.hours) == (8, pytest.approx(8 / 3600, abs=1e-6))
    assert status.retryable == {"transient": 1}
    assert status.coverage == {
        "captions.alt_text": 8,
        "captions.blip2": 8,
        "scores.repeats": 8,
        "scores.scan": 8,
    }
    folders = ("media", "keyframes", "videos", "clips", "captions", "scores")
    paths = [p for folder in folders for p in (tmp_path / "data" / folder).rglob("*.*")]
    assert status.nbytes == sum(path.stat().st_size for path in paths)
    text = format_status(status, "data")
    assert "2 of 2 units, 5 of 5 videos\n" in text
    assert "build with --retry transient\n" in text
    assert "not finished" not in text


def test_an_unfinished_dataset_and_a_writer_at_work(storage):
    video = SourceVideo(video_id="ff", kind="file", locator="ff.mp4")
    settle_plan(storage, [video], unit_size=3)
    status = read_status(storage)
    assert (status.units_committed, status.units_planned) == (2, 3)
    assert "goes on with it" in format_status(status, "data")
    with claim(storage):
        status = read_status(storage)
    assert status.is_busy
    assert "something is writing it now" in format_status(status, "data")
    assert "goes on with it" not in format_status(status, "data")


def test_what_was_taken_down_is_counted(storage):
    purge(storage, [], ["ch"], "", "2026-01-31T12:00:00Z")
    status = read_status(storage)
    assert (status.num_tombstones, status.num_clips) == (3, 4)
    assert status.outcomes["permanent/purged"] == 2
    assert "taken down: 3" in format_status(status, "data")
