"""How web videos are fetched, as far as a user decides."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from hdvg.errors import InputError

# First lines that mark a cookies file for the programs that write one.
_COOKIE_MARKS = ("# Netscape HTTP Cookie File", "# HTTP Cookie File")
_PROXY_SCHEMES = ("http", "socks4", "socks4a", "socks5", "socks5h")


def wanted_formats(min_height: int) -> str:
    """yt-dlp's expression for what is fetched by default, the best first.

    H.264 decodes fastest and AV1 next; sound is not needed; more than 1080 rows cost time that
    clips do not show. What a site leaves unsaid is taken, since the probe will see.

    Args:
        min_height: Rows that the filter asks for.
    """
    low = max(720, min_height)
    rows = f"[height>=?{low}][height<=?{max(1080, low)}]"
    codecs = [f"bv*[vcodec^={codec}]{rows}" for codec in ("avc1", "av01")]
    return "/".join([*codecs, f"bv*[height>=?{low}]", "bv*", "b"])


@dataclass(frozen=True, kw_only=True)
class DownloadConfig:
    """How web videos are fetched."""

    format: str = ""
    """yt-dlp's format expression; empty: see `wanted_formats`."""
    max_bytes: int = 4 * 2**30
    """Largest file to fetch, in bytes."""
    timeout_s: float = 20.0
    """How long a silent connection is kept, in seconds."""
    retries: int = 3
    """How often a video is tried again after a transient failure."""
    requests_per_hour: float = 0.0
    """Videos an hour that one egress asks one site for. 0 is no limit, but for YouTube 300, about
    what it grants a guest."""
    proxies: tuple[str, ...] = field(default=(), repr=False)  # may hold passwords
    """Ways out, each an egress of its own, such as http://host:3128 or socks5://host:1080; empty is
    the direct one."""
    cookies: str = ""
    """A Netscape cookies file; it is read once, here, and never written."""
    max_wait_s: float = 2 * 3600.0
    """How long a video waits, in all, for a site that asks to slow down, in seconds."""
    max_video_s: float = 2 * 3600.0
    """How long work on one video may take, waiting apart, in seconds."""

    def __post_init__(self) -> None:
        if self.max_bytes <= 0 or self.timeout_s <= 0 or self.retries < 0:
            raise InputError(
                f"download needs max_bytes > 0, timeout_s > 0 and retries >= 0, got"
                f" {self.max_bytes}, {self.timeout_s} and {self.retries}"
            )
        if self.requests_per_hour < 0 or self.max_wait_s < 0 or self.max_video_s <= 0:
            raise InputError(
                f"download needs requests_per_hour >= 0, max_wait_s >= 0 and max_video_s > 0, got"
                f" {self.requests_per_hour}, {self.max_wait_s} and {self.max_video_s}"
            )
        for number, proxy in enumerate(self.proxies):
            # By number, because an address may hold a password.
            if urlsplit(proxy).scheme not in _PROXY_SCHEMES or not urlsplit(proxy).hostname:
                raise InputError(
                    f"download.proxies[{number}] must be a URL with one of the schemes"
                    f" {', '.join(_PROXY_SCHEMES)}"
                )
        assert self.cookie_text or not self.cookies

    @cached_property
    def cookie_text(self) -> str:
        """The text of the cookies file; "" without one. It travels to the workers by pickling.

        Raises:
            InputError: The file is missing, or is not in the Netscape format.
        """
        if not self.cookies:
            return ""
        try:
            text = Path(self.cookies).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read download.cookies: {self.cookies}") from error
        if not text.startswith(_COOKIE_MARKS):
            raise InputError(
                f"download.cookies is not a Netscape cookies file (its first line must be"
                f" {_COOKIE_MARKS[0]!r}): {self.cookies}"
            )
        return text

    @property
    def num_egresses(self) -> int:
        """Ways out; at least 1."""
        return max(1, len(self.proxies))
