import json

from hdvg.sources.hdvila import read_hdvila
from hdvg.sources.rows import SkippedRow
from hdvg.sources.source_video import SourceVideo, Span

GOOD = {
    "video_id": "QMi8x8o55Ns",
    "url": "https://www.youtube.com/watch?v=QMi8x8o55Ns",
    "clip": [
        {"clip_id": "QMi8x8o55Ns.1.mp4", "span": ["00:00:17.759", "00:00:23.279"]},
        {"clip_id": "QMi8x8o55Ns.2.mp4", "span": ["01:00:23.279", "01:00:30.000"]},
    ],
}


def test_a_line_is_a_video_with_its_clips(tmp_path):
    path = tmp_path / "part0.jsonl"
    path.write_text(json.dumps(GOOD) + "\n")
    [video] = read_hdvila(path)
    spans = (
        Span(start_s=17.759, end_s=23.279, name="QMi8x8o55Ns.1.mp4"),
        Span(start_s=3623.279, end_s=3630.0, name="QMi8x8o55Ns.2.mp4"),
    )
    assert video == SourceVideo(
        video_id="QMi8x8o55Ns", kind="youtube", locator="QMi8x8o55Ns", spans=spans
    )


def test_lines_that_cannot_be_used_are_named(tmp_path):
    bad = [
        "{",
        "[" * 100_000,
        "[]",
        json.dumps(GOOD | {"video_id": "../x", "url": "file:///etc/passwd"}),
        json.dumps(GOOD | {"clip": {"span": 1}}),
        json.dumps(GOOD | {"clip": [{"clip_id": "x", "span": ["00:00:05", "00:00:01"]}]}),
        json.dumps({"video_id": "QMi8x8o55Ns"}),
    ]
    path = tmp_path / "part0.jsonl"
    path.write_text("\n".join([*bad, json.dumps(GOOD)]))
    *skipped, video = read_hdvila(path)
    assert video.video_id == "QMi8x8o55Ns"
    assert skipped == [
        SkippedRow(where=f"line {number}", reason=reason)
        for number, reason in enumerate(
            [
                "not JSON",
                "not JSON",
                "no 'video_id' in it",
                "neither a URL nor a YouTube id",
                "'clip' is not a list",
                "a part ends before it starts",
                "no 'clip' in it",
            ],
            start=1,
        )
    ]
