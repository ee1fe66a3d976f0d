"""WebVid: a CSV with one row a stock video, whose name is its caption.

videoid,contentUrl,duration,page_dir,name
1066674784,https://ak.picdn.net/.../1066674784.mp4,PT00H00M11S,006001_006050,A ball rolls ...

The caption describes the whole video. `duration` is cut to whole seconds, so it is not used.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hdvg.sources.rows import Entry, RowError, parse_text, read_csv, read_entries
from hdvg.sources.source_video import SourceVideo, locate, make_id, whole_video

COLUMNS = ("videoid", "contentUrl", "name")


def read_webvid(path: Path) -> Iterator[Entry]:
    """Reads one of the dataset's files, row by row.

    Raises:
        InputError: The header lacks a column.
    """
    return read_entries(read_csv(path, COLUMNS), _parse)


def _parse(row: dict[str, str]) -> SourceVideo:
    name = row["videoid"].strip()
    video = locate(row["contentUrl"].strip())
    if video is None or not name:
        raise RowError("no videoid or no URL")
    return replace(
        video,
        video_id=make_id(f"webvid-{name}", name),
        spans=(whole_video(parse_text(row["name"]), name),),
    )
