"""Why a video did not make it: a closed set of classes, stable codes, and whether to try again.

Every input video ends as "ok" or as one of these, so that a build's yield can be explained. The
classes follow what a person would do next: nothing (permanent), use another network (geo), wait
(throttled), try again (transient), loosen the filter (content), distrust the file (corrupt), get a
bigger machine (resource), or report a bug (internal).
"""

import hashlib
import re
import traceback

from hdvg.plain_text import plain_text

MESSAGE_LIMIT = 300

# code -> class. Codes are part of the format: rename none.
CODES: dict[str, str] = {
    "not_found": "permanent",
    "private": "permanent",
    "removed": "permanent",
    "members_only": "permanent",
    "needs_login": "permanent",
    "age_gate": "permanent",
    "live_or_upcoming": "permanent",
    "drm": "permanent",
    "unsupported_page": "permanent",
    "redirect_loop": "permanent",
    "forbidden_address": "permanent",
    "purged": "permanent",
    "geo_blocked": "geo",
    "http_429": "throttled",
    "bot_check": "throttled",
    "session_limit": "throttled",
    "po_token": "throttled",
    "timeout": "transient",
    "stalled": "transient",
    "connection": "transient",
    "http_403": "transient",
    "http_5xx": "transient",
    "http_error": "transient",
    "incomplete_read": "transient",
    "download_failed": "transient",
    "license_refused": "content",
    "low_resolution": "content",
    "not_widescreen": "content",
    "too_wide": "content",
    "too_short": "content",
    "too_long": "content",
    "static": "content",
    "size_changes": "content",
    "no_scenes": "content",
    "probe_failed": "corrupt",
    "decode_failed": "corrupt",
    "no_frames": "corrupt",
    "file_missing": "corrupt",
    "too_large": "resource",
    "disk_full": "resource",
    "walltime": "resource",
    "out_of_memory": "resource",
    "worker_died": "resource",
    "bug": "internal",
}
# Classes of which another run may save a video without a change to the settings.
RETRYABLE = frozenset({"geo", "throttled", "transient", "resource", "internal"})
_ADDRESS = re.compile(r"\b[a-z]+://\S*|(?<!\S)['\"]?/\S*")
# Words of yt-dlp's and its sites' messages, in the order in which they are tried.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"not a bot|captcha|IP address is (blocked|unable)", "bot_check"),
    (r"HTTP Error 429|too many requests", "http_429"),
    (r"try again later|rate.?limit|page needs to be reloaded", "session_limit"),
    (r"available (in|from) your (country|location)|geo.?restrict|HTTP Error 451", "geo_blocked"),
    (r"PO.?token|SABR", "po_token"),
    (r"redirect loop|redirect error", "redirect_loop"),
    (r"Redirection to url|url scheme", "forbidden_address"),
    (r"HTTP Error (404|410)", "not_found"),
    (r"HTTP Error 401", "needs_login"),
    (r"HTTP Error 403", "http_403"),
    (r"HTTP Error 5\d\d", "http_5xx"),
    (r"HTTP Error \d\d\d", "http_error"),
    (r"private video|is private", "private"),
    (r"members.?only|join this channel|premium|payment|purchase|subscri", "members_only"),
    (r"confirm your age|age.?restricted", "age_gate"),
    (r"removed|terminated|no longer available|unavailable|copyright|expired", "removed"),
    (r"log[ -]?in\b|sign in|--cookies|registered users|password", "needs_login"),
    (r"live ?(event|stream)|will begin|premieres in|(is|currently) live", "live_or_upcoming"),
    (r"\bDRM\b", "drm"),
    (r"unsupported|no videos? (formats|found)|requested format", "unsupported_page"),
    (r"not a valid URL|ffmpeg|unusual and will be skipped", "unsupported_page"),
    (r"timed? ?out", "timeout"),
    (r"bytes read|content too short|incomplete", "incomplete_read"),
    (r"No space left", "disk_full"),
    (r"connection|resolve|unreachable|refused|network|certificate", "connection"),
    (r"does not exist|not found", "not_found"),
)


class VideoFailure(Exception):  # noqa: N818  # a verdict on a video, which ends as a table row
    """A video cannot be used.

    Attributes:
        code: A key of `CODES`.
        message: For a person; one line of at most `MESSAGE_LIMIT` characters.
        retry_after_s: How long the site asks to be left alone, in seconds; 0 if it says nothing.
    """

    def __init__(self, code: str, message: str, retry_after_s: float = 0.0) -> None:
        assert code in CODES, code
        self.code = code
        self.message = plain_text(message, MESSAGE_LIMIT)
        self.retry_after_s = retry_after_s
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[type["VideoFailure"], tuple[str, str, float]]:
        return VideoFailure, (self.code, self.message, self.retry_after_s)

    @property
    def fail_class(self) -> str:
        """The class of the code."""
        return CODES[self.code]

    @property
    def retryable(self) -> bool:
        """Whether another attempt could succeed without changing the config."""
        return self.fail_class in RETRYABLE


def classify_download(message: str, retry_after_s: float = 0.0) -> VideoFailure:
    """Turns a downloader's error message into a failure; the first matching pattern decides.

    Args:
        message: What it said. Addresses in it are anybody's words and are not looked at.
        retry_after_s: How long the site asks to be left alone, if it said so.
    """
    words = _ADDRESS.sub("", message)
    for pattern, code in _PATTERNS:
        if re.search(pattern, words, re.IGNORECASE):
            return VideoFailure(code, message, retry_after_s)
    return VideoFailure("download_failed", message)


def classify_bug(error: BaseException) -> VideoFailure:
    """Turns an exception that nobody expected into a failure.

    The message carries a digest of the traceback's places, so that one bug met in a thousand
    videos can be counted as one.
    """
    if isinstance(error, MemoryError):
        return VideoFailure("out_of_memory", "the machine ran out of memory")
    frames = traceback.extract_tb(error.__traceback__)
    places = "|".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.name}" for frame in frames)
    digest = hashlib.sha256(places.encode()).hexdigest()[:8]
    return VideoFailure("bug", f"{type(error).__name__}: {error} [trace {digest}]")
