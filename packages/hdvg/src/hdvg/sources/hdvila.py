"""HD-VILA-100M: one JSON object a line, a YouTube video with the clips that its authors cut.

{"video_id": "QMi8x8o55Ns", "url": "https://www.youtube.com/watch?v=QMi8x8o55Ns",
 "clip": [{"clip_id": "QMi8x8o55Ns.1.mp4", "span": ["00:00:17.759", "00:00:23.279"]}, ...]}

The list has neither captions nor categories; `labels` of the build config can add the latter.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hdvg.sources.rows import (
    Entry,
    RowError,
    get_field,
    parse_interval,
    parse_text,
    read_entries,
    read_lines,
)
from hdvg.sources.source_video import SourceVideo, Span, locate


def read_hdvila(path: Path) -> Iterator[Entry]:
    """Reads a part of the list, line by line."""
    return read_entries(read_lines(path), _parse)


def _parse(line: str) -> SourceVideo:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RowError("not JSON") from error
    video = find_video(get_field(row, "video_id"), row.get("url"))
    clips = get_field(row, "clip")
    if not isinstance(clips, list):
        raise RowError("'clip' is not a list")
    return replace(video, spans=tuple(_span(clip) for clip in clips))


def find_video(video_id: object, url: object) -> SourceVideo:
    """The video of a row that gives a YouTube id and a URL; the URL decides, then the id.

    Raises:
        RowError: Neither is usable.
    """
    for entry in (url, video_id):
        if isinstance(entry, str) and (video := locate(entry.strip())) is not None:
            return video
    raise RowError("neither a URL nor a YouTube id")


def _span(clip: object) -> Span:
    start_s, end_s = parse_interval(get_field(clip, "span"))
    return Span(start_s=start_s, end_s=end_s, name=parse_text(get_field(clip, "clip_id")))
