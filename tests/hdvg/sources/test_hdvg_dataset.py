import pytest

from hdvg.errors import InputError
from hdvg.manifest import write_rows
from hdvg.sources.hdvg_dataset import dataset_source, read_dataset
from hdvg.sources.rows import SkippedRow
from hdvg.sources.source_video import Span

ID = "dQw4w9WgXcQ"
UNITS = {
    "u00000": {
        "videos": [
            {"video_id": ID, "locator": ID, "status": "ok", "num_clips": 2},
            {"video_id": "x-1", "locator": "http://x", "status": "failed"},
        ],
        "clips": [
            # The source's clock starts at 10 s; a clip's id counts from the first frame.
            {"clip_id": f"{ID}_000000000_000002002", "video_id": ID, "start_s": 10.0},
            {"clip_id": f"{ID}_000002002_000005000", "video_id": ID, "start_s": 12.002},
        ],
        "captions.alt_text": [{"clip_id": f"{ID}_000002002_000005000", "text": "a ball"}],
    }
}


def _plan(storage, *rows):
    units = [
        {"unit": "u00000", "video_id": video_id, "kind": kind, "locator": locator}
        for video_id, kind, locator in rows
    ]
    write_rows(storage, "units", "plan/units.parquet", units)


@pytest.fixture
def dataset(write_tables, tmp_path):
    storage = write_tables(tmp_path / "d", UNITS)
    rows = [(ID, "youtube", ID), ("x-1", "url", "http://x"), ("y-1", "url", "http://y")]
    _plan(storage, *rows)
    return storage


def test_clips_are_spans_of_their_videos(dataset):
    video, failed, unbuilt = read_dataset(dataset.root)
    assert (video.video_id, video.kind, video.locator) == (ID, "youtube", ID)
    first, second = video.spans
    assert first == Span(start_s=0.0, end_s=2.002, name=f"{ID}_000000000_000002002")
    assert (second.start_s, second.end_s, second.caption) == (2.002, 5.0, "a ball")
    assert failed == SkippedRow(where="x-1", reason="failed in the dataset")
    assert unbuilt == SkippedRow(where="y-1", reason="not built in the dataset")


def test_where_it_came_from_is_known(dataset):
    assert isinstance(dataset_source(dataset.root), str)


def test_rendered_pages_are_gone(dataset):
    _plan(dataset, ("v0001", "shapes", "watch/v0001.html"))
    with pytest.raises(InputError, match="build from 'shapes'"):
        list(read_dataset(dataset.root))


def test_a_folder_that_is_no_dataset(tmp_path):
    with pytest.raises(InputError, match="not a dataset"):
        list(read_dataset(str(tmp_path)))
