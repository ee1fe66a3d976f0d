"""What a build starts from: a folder of files, a list of URLs and YouTube ids, or rendered shapes.

Every video gets an id made of safe characters only: it becomes part of file names, while the
locator never does.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from hdvg.errors import InputError

SHAPES = "shapes"
_CONTAINERS = ("mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "flv", "wmv", "3gp")
VIDEO_SUFFIXES = frozenset(f".{name}" for name in _CONTAINERS)
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_HOSTS = frozenset(
    ["youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be", "www.youtu.be"]
)
# Long enough to recognise a file by, short enough for a tar member's name with times added.
_SLUG_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Span:
    """A part of a video as a source list names it.

    Attributes:
        start_s: Start in the source video, in seconds.
        end_s: End, exclusive; infinity where the list does not say.
        caption: The list's words for it, or "".
        name: The list's own id of it, or "".
    """

    start_s: float
    end_s: float
    caption: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceVideo:
    """One input video.

    Attributes:
        video_id: Unique in the dataset; letters, digits, "_" and "-".
        kind: How the locator is meant: "file", "url", "youtube" or "shapes".
        locator: A path relative to the source folder, a URL, a YouTube id, or a page of the
            rendered site.
        label: Category that the list gave, or "".
        spans: Parts that the list named, in its order.
    """

    video_id: str
    kind: str
    locator: str
    label: str = ""
    spans: tuple[Span, ...] = ()


def read_source(source: str) -> list[SourceVideo]:
    """Lists the videos of a source in a stable order; a video named twice is listed once.

    Args:
        source: A folder of video files, one video file, or a text file with a URL or a YouTube
            id a line ("#" starts a comment).

    Raises:
        InputError: The source is missing or empty, or a line is neither a URL nor an id.
    """
    path = Path(source)
    if path.is_dir():
        videos = read_folder(path)
        empty = f"no video files in the folder {source} (looked for {_suffixes()})"
    elif path.suffix.lower() in VIDEO_SUFFIXES and path.is_file():
        return [_from_file(path.name)]
    elif path.is_file():
        videos = read_list(path)
        empty = f"the list {source} names no video"
    else:
        raise InputError(f"source not found: {source} (neither a folder nor a file)")
    if not videos:
        raise InputError(empty)
    return videos


def source_folder(source: str) -> Path:
    """The folder that locators of the kind "file" are relative to."""
    path = Path(source)
    return path if path.is_dir() else path.parent


def read_folder(folder: Path) -> list[SourceVideo]:
    """Lists every file with a video's suffix below a folder, sorted by its path."""
    found = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and path.name[0] != "."
    )
    names = sorted(found)
    for name in names:
        if not name.isprintable():  # also what Python makes of bytes that are not UTF-8
            raise InputError(f"cannot take a file name that is not plain text: {name!r}")
    return [_from_file(name) for name in names]


def read_list(path: Path) -> list[SourceVideo]:
    """Reads a list of URLs and YouTube ids, in the order of the file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"not a text file: {path}") from error
    videos = []
    for number, line in enumerate(lines, start=1):
        entry = line.split(" #")[0].strip()
        if not entry or entry.startswith("#"):
            continue
        video = _from_entry(entry)
        if video is None:
            raise InputError(f"{path}, line {number}: neither a URL nor a YouTube id: {entry!r}")
        videos.append(video)
    return _unique(videos)


def read_shapes(site: Path, part: str) -> list[SourceVideo]:
    """Lists the pages of a rendered corpus: part "hd", "web" or "all"."""
    name = "urls.txt" if part == "all" else f"{part}.txt"
    pages = (site / name).read_text().split()
    return [SourceVideo(video_id=Path(page).stem, kind="shapes", locator=page) for page in pages]


def _from_entry(entry: str) -> SourceVideo | None:
    if _YOUTUBE_ID.fullmatch(entry):
        return SourceVideo(video_id=entry, kind="youtube", locator=entry)
    parts = urlsplit(entry)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if parts.hostname in _YOUTUBE_HOSTS:
        found = parse_qs(parts.query).get("v", [parts.path.rsplit("/", 1)[-1]])[0]
        if _YOUTUBE_ID.fullmatch(found):
            return SourceVideo(video_id=found, kind="youtube", locator=found)
    slug = f"{parts.hostname}-{Path(parts.path).stem}"
    return SourceVideo(video_id=_make_id(slug, entry), kind="url", locator=entry)


def _from_file(name: str) -> SourceVideo:
    return SourceVideo(video_id=_make_id(Path(name).stem, name), kind="file", locator=name)


def _make_id(readable: str, exact: str) -> str:
    """A part a person recognises and a digest that tells apart what the part does not."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", readable).strip("-")[:_SLUG_LENGTH].strip("-")
    digest = hashlib.sha256(exact.encode()).hexdigest()[:8]
    return f"{slug or 'video'}-{digest}"


def _unique(videos: Iterable[SourceVideo]) -> list[SourceVideo]:
    return list({video.video_id: video for video in videos}.values())


def _suffixes() -> str:
    return " ".join(sorted(VIDEO_SUFFIXES))
