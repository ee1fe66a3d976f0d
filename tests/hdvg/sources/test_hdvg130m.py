import json
import tracemalloc

import pytest

from hdvg.errors import InputError
from hdvg.sources.hdvg130m import MAX_EARLY_S, read_hdvg130m
from hdvg.sources.rows import SkippedRow
from hdvg.sources.source_video import Span

ID = "gpB2FGY5Fuk"


def _scene(number, cut, caption="a man"):
    return {"scene_cut": cut, "clip_id": f"{ID}.{number}", "caption": caption}


def _video(*scenes, fps=25.0, span=("00:03:03.520", "00:03:16.569"), video_id=ID):
    clip = {"span": list(span), "fps": fps, "scene_split": list(scenes)}
    url = f"https://www.youtube.com/watch?v={video_id}"
    return {"url": url, "clip": {f"{video_id}.11.mp4": clip}}


def _write(path, body):
    path.write_text(json.dumps(body))
    return path


def test_scenes_are_spans_that_may_begin_earlier(tmp_path):
    scenes = [_scene("11_1", [50, 100], "second"), _scene("11_0", [0, 50], "first")]
    [video] = read_hdvg130m(_write(tmp_path / "hdvg_0.json", {ID: _video(*scenes)}))
    assert (video.video_id, video.kind) == (ID, "youtube")
    assert [span.caption for span in video.spans] == ["first", "second"]
    first, second = video.spans
    assert (first.start_s, first.end_s) == pytest.approx((183.52, 185.52))
    assert (second.start_s, second.end_s) == pytest.approx((185.52, 187.52))
    assert {span.early_s for span in video.spans} == {MAX_EARLY_S}
    assert [span.name for span in video.spans] == [f"{ID}.11_0", f"{ID}.11_1"]


def test_a_clip_without_a_cut_is_its_whole_span_exactly(tmp_path):
    [video] = read_hdvg130m(_write(tmp_path / "x.json", {ID: _video(_scene("11_0", [0, -1]))}))
    assert video.spans == (Span(start_s=183.52, end_s=196.569, caption="a man", name=f"{ID}.11_0"),)


def test_bad_videos_are_counted_and_the_others_read(tmp_path):
    body = {
        "AAAAAAAAAAA": _video(_scene("11_0", [5, 5])),
        "BBBBBBBBBBB": _video(_scene("11_0", [0, 5]), fps=0),
        "CCCCCCCCCCC": {"url": "https://youtu.be/CCCCCCCCCCC", "clip": []},
        "DDDDDDDDDDD": 7,
        ID: _video(_scene("11_0", [0, 5])),
    }
    *skipped, video = read_hdvg130m(_write(tmp_path / "x.json", body))
    assert video.video_id == ID
    assert [row.where for row in skipped] == [f"key {key!r}" for key in list(body)[:-1]]
    assert all(isinstance(row, SkippedRow) for row in skipped)


@pytest.mark.parametrize("keep", [0.5, 0.0])
def test_a_file_that_is_cut_short_is_named(tmp_path, keep):
    text = json.dumps({ID: _video(_scene("11_0", [0, 5]))})
    path = tmp_path / "x.json"
    path.write_text(text[: int(len(text) * keep)])
    with pytest.raises(InputError, match=r"x\.json.*cut short"):
        list(read_hdvg130m(path))


def _peak_bytes(path, rows):
    scenes = [_scene(f"11_{k}", [9 * k, 9 * k + 9], "many words " * 5) for k in range(20)]
    value = json.dumps(_video(*scenes))
    path.write_text("{" + ",".join(f'"{k:011d}": {value}' for k in range(rows)) + "}")
    tracemalloc.start()
    assert sum(1 for _ in read_hdvg130m(path)) == rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_file(tmp_path):
    _peak_bytes(tmp_path / "x.json", 10)  # what is imported and cached once does not count
    small = _peak_bytes(tmp_path / "x.json", 50)
    large = _peak_bytes(tmp_path / "x.json", 500)
    assert (tmp_path / "x.json").stat().st_size > 1_200_000
    assert large < 1.5 * small
