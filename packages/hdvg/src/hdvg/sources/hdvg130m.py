"""HD-VG-130M as released: one JSON object a file, about a quarter of a gigabyte, by YouTube id.

{"<id>": {"url": "https://www.youtube.com/watch?v=<id>", "clip": {
   "<id>.11.mp4": {"span": ["00:03:03.520", "00:03:16.569"], "fps": 23.976,
     "scene_split": [{"scene_cut": [30, 86], "clip_id": "<id>.11_1", "caption": "a man ..."}]}}}}

`scene_cut` counts frames, not from the start of `span` but from the first frame of a file that was
cut at the keyframe before it: with the usual keyframe distances 0 to 5.5 s earlier, and nobody
recorded how much. Such spans carry `early_s`; `align_spans` finds the offset where it can be found.
[0, -1] is a clip in which no cut was found: its caption holds for all of `span`, exactly.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ijson

from hdvg.errors import InputError
from hdvg.sources.hdvila import find_video
from hdvg.sources.rows import (
    Entry,
    RowError,
    get_field,
    parse_interval,
    parse_number,
    parse_text,
    read_entries,
)
from hdvg.sources.source_video import SourceVideo, Span

# The longest distance seen from a clip's start back to the keyframe before it is 5.4 s: YouTube's
# keyframe distance. Measured on 3,449 clips with several scenes.
MAX_EARLY_S = 5.5
# The list has 6 to 60; far outside, times computed with it mean nothing.
_LEAST_FPS, _MOST_FPS = 0.5, 1000.0


def read_hdvg130m(path: Path) -> Iterator[Entry]:
    """Reads one file of the dataset, a video at a time.

    Raises:
        InputError: The file is not JSON, or ends in the middle.
    """
    return read_entries(_members(path), _parse)


def _members(path: Path) -> Iterator[tuple[str, tuple[str, Any]]]:
    with path.open("rb") as file:
        try:
            for video_id, row in ijson.kvitems(file, "", use_float=True):
                yield f"key {video_id!r}", (video_id, row)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise InputError(f"{path}, byte {file.tell()}: not JSON, or cut short") from error


def _parse(member: tuple[str, Any]) -> SourceVideo:
    video_id, row = member
    clips = get_field(row, "clip")
    if not isinstance(clips, dict):
        raise RowError("'clip' is not an object")
    video = find_video(video_id, row.get("url"))
    spans = [span for clip in clips.values() for span in _clip_spans(clip)]
    return replace(video, spans=tuple(sorted(spans, key=lambda span: span.start_s)))


def _clip_spans(clip: object) -> list[Span]:
    start_s, end_s = parse_interval(get_field(clip, "span"))
    fps = parse_number(get_field(clip, "fps"))
    if not _LEAST_FPS <= fps <= _MOST_FPS:
        raise RowError("a frame rate that no video has")
    scenes = get_field(clip, "scene_split")
    if not isinstance(scenes, list):
        raise RowError("'scene_split' is not a list")
    return [_scene_span(scene, start_s, end_s, fps) for scene in scenes]


def _scene_span(scene: object, start_s: float, end_s: float, fps: float) -> Span:
    cut = get_field(scene, "scene_cut")
    if not isinstance(cut, list) or len(cut) != 2:
        raise RowError("'scene_cut' is not a pair of frame numbers")
    first, last = (parse_number(value) for value in cut)
    caption = parse_text(get_field(scene, "caption"))
    name = parse_text(get_field(scene, "clip_id"))
    if (first, last) == (0, -1):
        return Span(start_s=start_s, end_s=end_s, caption=caption, name=name)
    if not 0 <= first < last:
        raise RowError("a part ends before it starts")
    return Span(
        start_s=start_s + first / fps,
        end_s=start_s + last / fps,
        caption=caption,
        name=name,
        early_s=MAX_EARLY_S,
    )
