"""yt-dlp with a guard: one video's conversation with its site, and no other program."""

import io
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.networking import RequestDirector
from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor

from hdvg.download.handler import Guard, GuardedRH
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure

_DOWNLOADERS = (HttpFD, HlsFD, DashSegmentsFD)
# Between tries for a piece of a stream, in seconds; doubling.
_MAX_PIECE_DELAY_S = 30


class Session(yt_dlp.YoutubeDL):
    """A yt-dlp session that asks nothing but through the guard.

    Args:
        work: Folder for the file, which is called video.<suffix>.
        config: How to fetch.
        guard: What judges.
        formats: yt-dlp's expression for what to fetch.
        proxy: The egress to use; "" is the direct one.
    """

    def __init__(
        self, work: Path, config: DownloadConfig, guard: Guard, formats: str, proxy: str
    ) -> None:
        self._guard = guard
        options = _options(work, config) | {"format": formats}
        if proxy:
            options["proxy"] = proxy
        if config.cookies:
            # In memory: yt-dlp writes its cookies back, and that must go nowhere.
            options["cookiefile"] = io.StringIO(config.cookie_text)
        super().__init__(options)
        # Where yt-dlp looks for ffmpeg before it has a session to ask: nowhere, so that what can be
        # fetched does not depend on what is installed.
        FFmpegPostProcessor._ffmpeg_location.set(options["ffmpeg_location"])

    def build_request_director(
        self, handlers: object, preferences: object = None
    ) -> RequestDirector:
        """Registers our handler alone, in place of yt-dlp's `handlers`."""
        director = super().build_request_director([GuardedRH], None)
        for handler in director.handlers.values():
            handler.guard = self._guard
        return director

    def dl(
        self, name: str, info: dict[str, Any], subtitle: bool = False, test: bool = False
    ) -> object:
        """Downloads by yt-dlp's own means or not at all: other programs know no guard."""
        if get_suitable_downloader(info, self.params) not in _DOWNLOADERS:
            failure = VideoFailure("unsupported_page", "streamed in a way that is not taken")
            raise self._guard.fail(failure)
        return super().dl(name, info, subtitle, test)


def _options(work: Path, config: DownloadConfig) -> dict[str, Any]:
    return {
        "outtmpl": {"default": str(work / "video.%(ext)s")},
        "max_filesize": config.max_bytes,
        "socket_timeout": config.timeout_s,
        # Whole attempts are repeated by our own rule (retry.py); only pieces of streams are not.
        "retries": 0,
        "extractor_retries": 0,
        "file_access_retries": 0,
        "fragment_retries": config.retries,
        "retry_sleep_functions": {"fragment": lambda n: min(2**n, _MAX_PIECE_DELAY_S)},
        "skip_unavailable_fragments": False,
        "default_search": "error",
        "extract_flat": "in_playlist",
        "noplaylist": True,
        "playlistend": 1,
        "hls_prefer_native": True,
        "ffmpeg_location": str(work / "no-such-program"),
        "fixup": "never",
        "cachedir": False,
        "updatetime": False,
        "quiet": True,
        "noprogress": True,
        "logger": _Silence(),
    }


class _Silence:
    """A logger for yt-dlp; what matters arrives as an exception."""

    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...
