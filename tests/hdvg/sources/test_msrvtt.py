import json

import pytest

from hdvg.errors import InputError
from hdvg.sources.msrvtt import CATEGORIES, read_msrvtt

URL = "https://www.youtube.com/watch?v=9lZi22qLlEo"


def _video(name, start, end, category=9, url=URL):
    return {
        "id": 0,
        "video_id": name,
        "category": category,
        "url": url,
        "start time": start,
        "end time": end,
        "split": "train",
    }


def _write(path, videos, sentences):
    rows = [
        {"sen_id": n, "video_id": name, "caption": text} for n, (name, text) in enumerate(sentences)
    ]
    path.write_text(json.dumps({"info": {}, "videos": videos, "sentences": rows}))
    return path


def test_a_clip_keeps_all_its_captions(tmp_path):
    texts = [f"caption {k}" for k in range(20)]
    sentences = [("video0", text) for text in texts] + [("video1", "other")]
    path = _write(tmp_path / "x.json", [_video("video0", 137.72, 149.44)], sentences)
    [video] = read_msrvtt(path)
    assert (video.kind, video.video_id, video.label) == ("youtube", "9lZi22qLlEo", "vehicles/autos")
    [span] = video.spans
    assert (span.start_s, span.end_s, span.name) == (137.72, 149.44, "video0")
    assert span.caption.split("\n") == texts


def test_the_categories_are_the_published_ones():
    assert len(CATEGORIES) == 20
    assert (CATEGORIES[0], CATEGORIES[9], CATEGORIES[19]) == (
        "music",
        "vehicles/autos",
        "advertisement",
    )


def test_rows_that_cannot_be_used_are_named(tmp_path):
    videos = [
        _video("a", 5.0, 4.0),
        _video("b", "1", 4.0),
        _video("c", 1.0, 2.0, url="x"),
        {"video_id": "d"},
        _video("e", 1.0, 2.0, category=77),
    ]
    path = _write(tmp_path / "x.json", videos, [("e", 3)])
    *skipped, video = read_msrvtt(path)
    assert [row.where for row in skipped] == ["sentences[0]", *(f"videos[{k}]" for k in range(4))]
    assert (video.label, video.spans[0].caption) == ("", "")


@pytest.mark.parametrize("text", ["{", "[]", '{"videos": []}', '{"videos": 1, "sentences": []}'])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.json"):
        list(read_msrvtt(path))
