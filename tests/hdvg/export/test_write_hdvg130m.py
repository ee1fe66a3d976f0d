import json

import pytest

from hdvg.export.collect import Collection
from hdvg.export.write_hdvg130m import format_clock, write_hdvg130m
from hdvg.sources.read_source import read_source
from hdvg.sources.sample import SampleConfig
from hdvg.storage import Storage

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "00:00:00.000"), (183.52, "00:03:03.520"), (3599.9996, "01:00:00.000")],
)
def test_clocks(time_s, text):
    assert format_clock(time_s) == text


def test_the_file_has_the_released_shape(exported_from, tmp_path):
    clips = Collection(exported_from, "alt_text", "")
    counts = write_hdvg130m(clips, Storage(tmp_path))
    assert counts == {"videos": 1, "clips": 2, "clips_without_url": 1}
    body = json.loads((tmp_path / "hdvg.json").read_text())
    assert list(body) == [ID]
    assert body[ID]["url"] == f"https://www.youtube.com/watch?v={ID}"
    first, second = body[ID]["clip"].items()
    assert first[0] == f"{ID}.0.mp4"
    assert second == (
        f"{ID}.1.mp4",
        {
            "span": ["00:00:00.400", "00:00:01.200"],
            "fps": 25.0,
            "scene_split": [
                {
                    "scene_cut": [0, -1],
                    "clip_id": f"{ID}.1_0",
                    "caption": f"grey, {ID}_000000400_000001200",
                }
            ],
        },
    )
    assert "[0, -1]" in json.loads((tmp_path / "about.json").read_text())["scene_cut"]


def test_what_is_exported_is_imported_again(exported_from, tmp_path):
    clips = Collection(exported_from, "alt_text", "")
    write_hdvg130m(clips, Storage(tmp_path))
    [video] = read_source(str(tmp_path / "hdvg.json"), SampleConfig(), spans="cut").found.videos
    assert (video.video_id, video.kind) == (ID, "youtube")
    assert [(span.start_s, span.end_s, span.caption, span.early_s) for span in video.spans] == [
        (clip.start_s, clip.end_s, clip.caption, 0.0) for clip in list(clips)[:2]
    ]
