"""Brings one video to this machine: yt-dlp for what lies on the web, nothing for local files.

One session and one extraction a video: what the page says decides before any bytes are fetched,
because requests, not bytes, are what sites ration.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.utils import YoutubeDLError

from hdvg.errors import InputError
from hdvg.failures import VideoFailure, classify_download
from hdvg.sources import SourceVideo

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# What differs from run to run though the trouble is the same.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_PREFIX = re.compile(r"^(ERROR: )?(\[[^\]]+\] [^:\s]+: )?")


@dataclass(frozen=True, kw_only=True)
class DownloadConfig:
    """How web videos are fetched."""

    format: str = (
        "bv*[vcodec^=avc1][height>=?720][height<=?1080]"
        "/bv*[vcodec^=av01][height>=?720][height<=?1080]/bv*[height>=?720]/bv*/b"
    )
    """yt-dlp's format expression. H.264 decodes fastest and AV1 next; sound is not needed."""
    max_bytes: int = 4 * 2**30
    """Largest file to fetch, in bytes."""
    timeout_s: float = 20.0
    """How long a silent connection is kept, in seconds."""
    retries: int = 3
    """How often a failed request is repeated."""

    def __post_init__(self) -> None:
        if self.max_bytes <= 0 or self.timeout_s <= 0 or self.retries < 0:
            raise InputError(
                f"download needs max_bytes > 0, timeout_s > 0 and retries >= 0, got"
                f" {self.max_bytes}, {self.timeout_s} and {self.retries}"
            )


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A named part of a video, in seconds."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What the source says about a video; "" or () where it says nothing.

    Attributes:
        title: Title of the video.
        description: Description of the whole video.
        uploader: Who published it.
        upload_date: YYYYMMDD.
        license: As the site words it.
        chapters: Named parts in order.
        sidecar: Text of `<stem>.txt` beside a local file.
    """

    title: str = ""
    description: str = ""
    uploader: str = ""
    upload_date: str = ""
    license: str = ""
    chapters: tuple[Chapter, ...] = ()
    sidecar: str = ""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a page may already rule out; see `probe.FilterConfig`. 0 means no bound."""

    min_height: int
    max_duration_s: float


@dataclass(frozen=True, kw_only=True)
class Download:
    """A video on this machine."""

    path: Path
    page: PageFacts


def open_local(video: SourceVideo, folder: Path) -> Download:
    """Takes a file of the source folder as it is, with the text beside it.

    Raises:
        VideoFailure: The file is gone.
    """
    path = folder / video.locator
    if not path.is_file():
        raise VideoFailure("file_missing", f"file not found: {video.locator}")
    beside = path.with_suffix(".txt")
    text = beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else ""
    return Download(path=path, page=PageFacts(sidecar=" ".join(text.split())))


def download(url: str, work: Path, config: DownloadConfig, bounds: Bounds) -> Download:
    """Fetches a web video into an empty folder.

    Args:
        url: A page or a media file.
        work: Folder that receives the file; messages never name it.
        config: How to fetch.
        bounds: What makes fetching pointless.

    Raises:
        VideoFailure: The video cannot be had, or its page already rules it out.
    """
    options = _options(work, config)
    try:
        with yt_dlp.YoutubeDL(options) as session:
            info = session.extract_info(url, download=False)
            _refuse_early(info, bounds)
            info = session.process_ie_result(info, download=True)
    except YoutubeDLError as error:
        raise classify_download(_plain(str(error), url)) from error
    done = info.get("requested_downloads") or [{}]
    path = Path(done[0].get("filepath") or work / "nothing")
    if not path.is_file():
        raise VideoFailure("too_large", f"not fetched: larger than {config.max_bytes} bytes")
    return Download(path=path, page=_page_facts(info))


def _options(work: Path, config: DownloadConfig) -> dict[str, Any]:
    return {
        "format": config.format,
        "outtmpl": {"default": str(work / "video.%(ext)s")},
        "max_filesize": config.max_bytes,
        "socket_timeout": config.timeout_s,
        "retries": config.retries,
        "fragment_retries": config.retries,
        "extractor_retries": config.retries,
        "noplaylist": True,
        "playlistend": 1,
        "fixup": "never",  # mending containers takes a program that may not be installed
        "cachedir": False,
        "quiet": True,
        "noprogress": True,
        "logger": _Silence(),
    }


def _refuse_early(info: dict[str, Any], bounds: Bounds) -> None:
    """Fails a video by its page alone. What the page leaves unsaid is for the probe to see."""
    if info.get("_type", "video") != "video":
        raise VideoFailure("unsupported_page", "the page holds a list of videos, not one")
    if info.get("is_live") or info.get("live_status") == "is_upcoming":
        raise VideoFailure("live_or_upcoming", "a live or upcoming broadcast")
    height, duration_s = info.get("height"), info.get("duration")
    if height and bounds.min_height and height < bounds.min_height:
        raise VideoFailure(
            "low_resolution", f"height {height}, wanted at least {bounds.min_height}"
        )
    if duration_s and bounds.max_duration_s and duration_s > bounds.max_duration_s:
        raise VideoFailure(
            "too_long", f"{duration_s:g} s, wanted at most {bounds.max_duration_s:g}"
        )


def _page_facts(info: dict[str, Any]) -> PageFacts:
    chapters = tuple(
        Chapter(
            start_s=float(chapter["start_time"]),
            end_s=float(chapter["end_time"]),
            title=" ".join(str(chapter.get("title") or "").split()),
        )
        for chapter in info.get("chapters") or ()
        if chapter.get("start_time") is not None and chapter.get("end_time") is not None
    )
    return PageFacts(
        title=_text(info, "title"),
        description=_text(info, "description"),
        uploader=_text(info, "uploader"),
        upload_date=_text(info, "upload_date"),
        license=_text(info, "license"),
        chapters=chapters,
    )


def _text(info: dict[str, Any], key: str) -> str:
    return " ".join(str(info.get(key) or "").split())


def _plain(message: str, url: str) -> str:
    """The message without colours, the downloader's prefix and the address, which may change."""
    base = "/".join(url.split("/")[:3])
    return _PREFIX.sub("", _ADDRESS.sub("", _ANSI.sub("", message))).replace(base, "")


class _Silence:
    """A logger for yt-dlp; what matters arrives as an exception."""

    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...
