"""Panda-70M: a CSV with one row a YouTube video, whose list columns hold Python literals.

videoID,url,timestamp,caption,matching_score,desirable_filtering,shot_boundary_detection
<id>,https://www.youtube.com/watch?v=<id>,"[['0:00:10.000', '0:00:15.500']]","['a man']",...

Literals are read by `ast.literal_eval`, which makes values and runs nothing.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdvg.sources.hdvila import find_video
from hdvg.sources.rows import (
    MAX_ROW_CHARS,
    Entry,
    RowError,
    parse_interval,
    parse_text,
    read_csv,
    read_entries,
)
from hdvg.sources.source_video import SourceVideo, Span

COLUMNS = ("videoID", "url", "timestamp", "caption")
# literal_eval needs some hundred times the text's size in memory while it works.
_MAX_LITERAL_CHARS = MAX_ROW_CHARS // 4


def read_panda70m(path: Path) -> Iterator[Entry]:
    """Reads one of the dataset's files, row by row.

    Raises:
        InputError: The header lacks a column.
    """
    return read_entries(read_csv(path, COLUMNS), _parse)


def _parse(row: dict[str, str]) -> SourceVideo:
    video = find_video(row["videoID"], row["url"])
    times, captions = _literal(row["timestamp"]), _literal(row["caption"])
    if len(times) != len(captions):
        raise RowError("not as many captions as parts")
    spans = []
    for pair, caption in zip(times, captions, strict=True):
        start_s, end_s = parse_interval(pair)
        spans.append(Span(start_s=start_s, end_s=end_s, caption=parse_text(caption)))
    return replace(video, spans=tuple(spans))


def _literal(text: str) -> list[Any]:
    if len(text) > _MAX_LITERAL_CHARS:
        raise RowError("too long")
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise RowError("a list column is not a Python literal") from error
    if not isinstance(value, list):
        raise RowError("a list column holds something else")
    return value
