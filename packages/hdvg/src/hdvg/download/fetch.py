"""One attempt to bring a video to this machine: one session, one extraction, one file.

What the page says decides before any bytes are fetched, because requests, not bytes, are what sites
ration.
"""

import errno
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hdvg.download.budget import Budget
from hdvg.download.page import Bounds, PageFacts, read_page, refuse_early
from hdvg.download.reach import Reach
from hdvg.download.settings import DownloadConfig, wanted_formats
from hdvg.failures import VideoFailure, classify_download
from hdvg.plain_text import plain_text
from hdvg.sources.source_video import SourceVideo
from hdvg.watchdog import time_limit

# What differs from run to run though the trouble is the same.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_PREFIX = re.compile(r"^(ERROR: )?(\[[^\]]+\] [^:\s]+: )?")
# Expressions that read pages can take for ever over some, and nothing but the watchdog ends them
# then: one of yt-dlp's took minutes for 10 MB of a repeated tag. YouTube's take some 10 s.
MAX_PAGE_S = 300.0
OnPage = Callable[[PageFacts], None]
_MAX_SIDECAR, _MAX_MESSAGE = 5000, 2000


@dataclass(frozen=True, kw_only=True)
class Download:
    """A video on this machine.

    Attributes:
        path: The file.
        page: What the source says about it.
        is_whole: Whether the file is known to be all that there is of it.
    """

    path: Path
    page: PageFacts
    is_whole: bool = True


def open_local(video: SourceVideo, folder: Path) -> Download:
    """Takes a file of the source folder as it is, with the text beside it.

    Raises:
        VideoFailure: The file is gone, or its name leads out of the folder.
    """
    parts = PurePosixPath(video.locator).parts
    if ".." in parts or video.locator.startswith("/"):
        raise VideoFailure("forbidden_address", f"not inside its folder: {video.locator}")
    path = folder / video.locator
    if not path.is_file():
        raise VideoFailure("file_missing", f"file not found: {video.locator}")
    beside = path.with_suffix(".txt")
    text = beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else ""
    return Download(path=path, page=PageFacts(sidecar=plain_text(text, _MAX_SIDECAR)))


def fetch(
    url: str,
    work: Path,
    config: DownloadConfig,
    bounds: Bounds,
    *,
    proxy: str = "",
    limit_s: float | None = None,
    on_page: OnPage = lambda _: None,
) -> Download:
    """Fetches a web video into an empty folder; a page that cannot be read ends the process.

    Args:
        url: A page or a media file.
        work: Folder that receives the file; messages never name it.
        config: How to fetch.
        bounds: What makes fetching pointless.
        proxy: The egress to use; "" is the direct one.
        limit_s: Seconds that this may take; `config.max_video_s` by default.
        on_page: Told what the page says, whether or not the video is fetched then.

    Raises:
        VideoFailure: The video cannot be had, or its page already rules it out.
    """
    # yt-dlp takes a second to import, which commands that fetch nothing need not wait for.
    from yt_dlp.utils import YoutubeDLError

    from hdvg.download.handler import Guard
    from hdvg.download.session import Session

    max_s = config.max_video_s if limit_s is None else limit_s
    budget = Budget(
        max_bytes=config.max_bytes,
        max_s=max_s,
        patience_s=config.timeout_s,
        clock=time.monotonic,
    )
    guard = Guard(Reach(url, through_proxy=bool(proxy)), budget)
    try:
        formats = config.format or wanted_formats(bounds.min_height)
        with Session(work, config, guard, formats, proxy) as session:
            with time_limit(MAX_PAGE_S):
                info = session.extract_info(url, download=False)
            page = read_page(info)
            on_page(page)
            refuse_early(info, bounds)
            guard.is_whole = True
            budget.start_media()
            with time_limit(max_s + MAX_PAGE_S):
                info = session.process_ie_result(info, download=True)
    except YoutubeDLError as error:
        raise guard.verdict or _classify(error, url, config) from error
    if guard.verdict is not None:
        raise guard.verdict
    path = Path((info.get("requested_downloads") or [{}])[0].get("filepath") or work / "nothing")
    if not path.is_file() or not path.resolve().is_relative_to(work.resolve()):
        raise VideoFailure("too_large", f"not fetched: larger than {config.max_bytes} bytes")
    return Download(path=path, page=page, is_whole=guard.is_whole)


def _classify(error: BaseException, url: str, config: DownloadConfig) -> VideoFailure:
    """Names an error of yt-dlp's.

    Raises:
        OSError: The disk is full; that is no verdict on the video.
    """
    from yt_dlp.utils import GeoRestrictedError, UserNotLive

    message = _plain(str(error), url, config.proxies)
    retry_after_s = 0.0
    for found in _behind(error):
        if isinstance(found, OSError) and found.errno == errno.ENOSPC:
            raise found
        if isinstance(found, GeoRestrictedError):
            return VideoFailure("geo_blocked", message)
        if isinstance(found, UserNotLive):
            return VideoFailure("live_or_upcoming", message)
        headers = getattr(getattr(found, "response", None), "headers", None) or {}
        # RFC 9110, 10.2.3. A date in place of seconds is rare and depends on two clocks: not read.
        value = str(headers.get("Retry-After", "")).strip()
        if value.isdecimal():
            retry_after_s = float(value[:9])
    return classify_download(message, retry_after_s)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """An error and every one that led to it, along Python's links and yt-dlp's own."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = (getattr(found, "exc_info", None) or (None, None))[1]
        pending += [inner, getattr(found, "cause", None), found.__cause__, found.__context__]


def _plain(message: str, url: str, proxies: tuple[str, ...]) -> str:
    """The message without yt-dlp's prefix, and without addresses that change or hold passwords."""
    line = _PREFIX.sub("", plain_text(_ADDRESS.sub("", message), _MAX_MESSAGE))
    for proxy in proxies:
        line = line.replace(proxy, "the proxy")
    return line.replace("/".join(url.split("/")[:3]), "")
