"""MSR-VTT: one JSON file of clips of YouTube videos and twenty captions for each.

{"videos": [{"video_id": "video0", "category": 9, "url": "https://www.youtube.com/watch?v=...",
             "start time": 137.72, "end time": 149.44, "split": "train", "id": 0}, ...],
 "sentences": [{"video_id": "video0", "caption": "a car is shown", "sen_id": 0}, ...]}

A span keeps all its captions, one a line, and its name says its split: video0 to video6512 are for
training, up to video7009 for validation, up to video9999 for tests.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from hdvg.sources.hdvila import find_video
from hdvg.sources.rows import (
    Entry,
    RowError,
    SkippedRow,
    get_field,
    parse_interval,
    parse_number,
    parse_text,
    read_entries,
)
from hdvg.sources.source_video import SourceVideo, Span

# The numbers' meanings as the dataset's category.txt gives them.
CATEGORIES = (
    "music",
    "people",
    "gaming",
    "sports/actions",
    "news/events/politics",
    "education",
    "tv shows",
    "movie/comedy",
    "animation",
    "vehicles/autos",
    "howto",
    "travel",
    "science/technology",
    "animals/pets",
    "kids/family",
    "documentary",
    "food/drink",
    "cooking",
    "beauty/fashion",
    "advertisement",
)


def read_msrvtt(path: Path) -> Iterator[Entry]:
    """Reads a whole file, of some megabytes: the captions stand behind the clips.

    Raises:
        InputError: Not JSON, or without the two lists.
    """
    try:
        body = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {path} ({error})") from error
    if not isinstance(body, dict) or not all(
        isinstance(body.get(key), list) for key in ("videos", "sentences")
    ):
        raise InputError(f"{path} lacks the lists 'videos' and 'sentences' of MSR-VTT")
    captions: dict[str, list[str]] = {}
    for number, sentence in enumerate(body["sentences"]):
        try:
            name = parse_text(get_field(sentence, "video_id"))
            captions.setdefault(name, []).append(parse_text(get_field(sentence, "caption")))
        except RowError as error:
            yield SkippedRow(where=f"sentences[{number}]", reason=str(error))
    rows = ((f"videos[{number}]", row) for number, row in enumerate(body["videos"]))
    yield from read_entries(rows, lambda row: _parse(row, captions))


def _parse(row: dict[str, Any], captions: dict[str, list[str]]) -> SourceVideo:
    video = find_video(None, get_field(row, "url"))
    name = parse_text(get_field(row, "video_id"))
    pair = [get_field(row, "start time"), get_field(row, "end time")]
    start_s, end_s = parse_interval(pair, parse_number)
    category: Any = row.get("category")
    span = Span(start_s=start_s, end_s=end_s, caption="\n".join(captions.get(name, [])), name=name)
    known = dict(enumerate(CATEGORIES))
    return replace(video, label=known.get(category, ""), spans=(span,))
