"""A folder of video files, or one video file."""

from pathlib import Path

from hdvg.errors import InputError
from hdvg.sources.source_video import SourceVideo, make_id

_CONTAINERS = ("mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "flv", "wmv", "3gp")
VIDEO_SUFFIXES = frozenset(f".{name}" for name in _CONTAINERS)


def read_folder(folder: Path) -> list[SourceVideo]:
    """Lists every file with a video's suffix below a folder, sorted by its path.

    Raises:
        InputError: A file name that is not plain text.
    """
    found = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and path.name[0] != "."
    )
    names = sorted(found)
    for name in names:
        if not name.isprintable():  # also what Python makes of bytes that are not UTF-8
            raise InputError(f"cannot take a file name that is not plain text: {name!r}")
    return [read_file(name) for name in names]


def read_file(name: str) -> SourceVideo:
    """The video of one file, by its path relative to the source's folder."""
    return SourceVideo(video_id=make_id(Path(name).stem, name), kind="file", locator=name)
