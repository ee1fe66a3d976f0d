import pytest

from hdvg.catalogue import Catalogue

UNITS = {
    "u0": {
        "videos": [
            {"video_id": "a", "height": 720, "label": "Music", "license": "CC-BY"},
            {"video_id": "b", "height": 1080, "categories": ["Film", "Music"]},
        ],
        "clips": [
            {"clip_id": "a_0", "video_id": "a", "width": 1280, "height": 720, "end_s": 3.0},
            {
                "clip_id": "b_0",
                "video_id": "b",
                "width": 1920,
                "height": 1080,
                "end_s": 4.0,
                "crop_x": 656,
                "crop_y": 0,
                "crop_width": 608,
                "crop_height": 1080,
            },
        ],
        "captions.alt_text": [{"clip_id": "b_0", "text": "a red ball"}],
        "scores.scan": [{"clip_id": "b_0", "watermark": 0.1}, {"clip_id": "a_0", "watermark": 0.2}],
    },
    "u1": {
        "videos": [{"video_id": "c", "height": 360}, {"video_id": "d", "status": "failed"}],
        "clips": [
            {
                "clip_id": "c_0",
                "video_id": "c",
                "width": 640,
                "height": 360,
                "start_s": 2.0,
                "end_s": 4.5,
            },
            {"clip_id": "c_1", "video_id": "c", "width": 640, "height": 360, "end_s": 1.0},
        ],
        "captions.alt_text": [{"clip_id": "c_0", "text": "rain"}, {"clip_id": "c_1", "text": ""}],
        "captions.blip2-opt": [{"clip_id": "c_1", "text": "a dog"}],
        "scores.scan": [{"clip_id": "c_0", "watermark": 0.9}],
    },
}


@pytest.fixture(scope="session")
def tables(write_tables, tmp_path_factory):
    """A dataset of four clips of three videos in two units."""
    return write_tables(tmp_path_factory.mktemp("tables"), UNITS)


@pytest.fixture
def catalogue(tables):
    return Catalogue(tables)
