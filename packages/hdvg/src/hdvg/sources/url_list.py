"""A text file with a URL or a YouTube id a line."""

from collections.abc import Iterator
from pathlib import Path

from hdvg.errors import InputError
from hdvg.sources.rows import RowError, read_lines
from hdvg.sources.source_video import SourceVideo, locate


def read_list(path: Path) -> Iterator[SourceVideo]:
    """Reads the list in its order; "#" starts a comment.

    A person writes such a list, so that a line that is not understood stops the run.

    Raises:
        InputError: A line that is not text, or neither a URL nor an id.
    """
    for where, line in read_lines(path):
        if isinstance(line, RowError):
            raise InputError(f"{path}, {where}: {line}; is it a text file?")
        entry = line.split(" #")[0].strip()
        if not entry or entry.startswith("#"):
            continue
        video = locate(entry)
        if video is None:
            raise InputError(f"{path}, {where}: neither a URL nor a YouTube id: {entry!r}")
        yield video
