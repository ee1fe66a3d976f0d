"""One input video of a source, and the parts of it that the source names.

Every video gets an id made of safe characters only: it becomes part of file names, while the
locator never does.
"""

import hashlib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_HOSTS = frozenset(
    ["youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be", "www.youtu.be"]
)
# Long enough to recognise a file by, short enough for a tar member's name with times added.
_SLUG_LENGTH = 40
# What browsers take.
_MAX_URL_CHARS = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a video as a source list names it; times count from the video's first frame.

    Attributes:
        start_s: Start in seconds.
        end_s: End in seconds, exclusive; infinity where the part reaches to the video's end.
        caption: The list's words for it, or ""; several captions stand one a line.
        name: The list's own id of it, or "".
        early_s: Its true times may lie up to this many seconds earlier; 0 where the list is exact.
            Spans whose names agree up to the last "_" are moved by the same time.
    """

    start_s: float
    end_s: float
    caption: str = ""
    name: str = ""
    early_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
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
    spans: tuple[Span, ...] = field(default=())


def whole_video(caption: str, name: str = "") -> Span:
    """The span of a list that describes a video as a whole."""
    return Span(start_s=0.0, end_s=math.inf, caption=caption, name=name)


def locate(entry: str) -> SourceVideo | None:
    """The video that a URL or a YouTube id names; None for anything else."""
    if _YOUTUBE_ID.fullmatch(entry):
        return SourceVideo(video_id=entry, kind="youtube", locator=entry)
    if len(entry) > _MAX_URL_CHARS or not entry.isprintable():
        return None
    try:
        parts = urlsplit(entry)
        host = parts.hostname
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    if host in _YOUTUBE_HOSTS:
        found = parse_qs(parts.query).get("v", [parts.path.rsplit("/", 1)[-1]])[0]
        if _YOUTUBE_ID.fullmatch(found):
            return SourceVideo(video_id=found, kind="youtube", locator=found)
    slug = f"{host}-{Path(parts.path).stem}"
    return SourceVideo(video_id=make_id(slug, entry), kind="url", locator=entry)


def make_id(readable: str, exact: str) -> str:
    """A part a person recognises and a digest that tells apart what the part does not."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", readable).strip("-")[:_SLUG_LENGTH].strip("-")
    digest = hashlib.sha256(exact.encode()).hexdigest()[:8]
    return f"{slug or 'video'}-{digest}"
