"""A web video in as many attempts as it takes and is allowed: waits, retries, other egresses."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from hdvg.download.fetch import Download, OnPage, fetch
from hdvg.download.gate import Gate
from hdvg.download.pace import Turn
from hdvg.download.page import Bounds
from hdvg.download.retry import Attempts, delay_s, next_attempt
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure

# Other workers may change what a gate answers, so nobody sleeps longer than this without asking.
_MAX_NAP_S = 60.0


def obtain(
    url: str,
    work: Path,
    config: DownloadConfig,
    bounds: Bounds,
    gate: Gate,
    sleep: Callable[[float], None] = time.sleep,
    on_page: OnPage = lambda _: None,
) -> Download:
    """Fetches a web video.

    Args:
        url: A page or a media file.
        work: Folder that receives the file, called video.<suffix>; what was called so is removed.
        config: How to fetch.
        bounds: What makes fetching pointless.
        gate: Says who may ask when.
        sleep: Waits so many seconds.
        on_page: Told what the page says, whether or not the video is fetched then.

    Raises:
        VideoFailure: The video cannot be had; the last failure if there were several.
        OSError: The disk is full.
    """
    queue = _Queue(urlsplit(url).hostname or "", gate, config.max_wait_s, sleep)
    past, spent_s = Attempts(), 0.0
    while True:
        turn = queue.wait(past.blocked)
        started_s = time.monotonic()
        _clear(work)
        try:
            proxy = config.proxies[turn.egress] if config.proxies else ""
            limit_s = config.max_video_s - spent_s
            got = fetch(url, work, config, bounds, proxy=proxy, limit_s=limit_s, on_page=on_page)
        except VideoFailure as failure:
            queue.settle(turn, failure)
            spent_s += time.monotonic() - started_s
            following = next_attempt(
                failure, turn.egress, past, config.retries, config.num_egresses
            )
            if following is None:
                raise
            if following.num_delayed > past.num_delayed:
                sleep(delay_s(url, following.num_delayed))
            past = following
        else:
            queue.settle(turn, None)
            return got


class _Queue:
    """Waits for turns at the gate, for one video and one site.

    The user's own pace may cost any time; waiting that a site asks for is bounded. A site that has
    let nobody through for so long is not waited for at all, or a long list would take for ever.
    """

    def __init__(
        self, site: str, gate: Gate, max_wait_s: float, sleep: Callable[[float], None]
    ) -> None:
        self._site = site
        self._gate = gate
        self._max_wait_s = max_wait_s
        self._waited_s = 0.0
        self._sleep = sleep
        self._throttled = VideoFailure("session_limit", "the site asks everyone to wait")

    def wait(self, avoid: frozenset[int]) -> Turn:
        """Returns when there is an egress to use.

        Raises:
            VideoFailure: Throttled, and what may be waited is used up.
        """
        while (turn := self._gate.claim(self._site, avoid)).egress < 0:
            nap_s = min(turn.wait_s, _MAX_NAP_S)
            if turn.is_closed:
                longest_s = max(self._waited_s + turn.wait_s, turn.closed_s)
                if longest_s > self._max_wait_s:
                    raise self._throttled
                self._waited_s += nap_s
            self._sleep(nap_s)
        return turn

    def settle(self, turn: Turn, failure: VideoFailure | None) -> None:
        """Tells the gate how a turn went. Failures of other kinds say that the site does answer."""
        throttled, retry_after_s = False, 0.0
        if failure is not None and failure.fail_class == "throttled":
            self._throttled, throttled, retry_after_s = failure, True, failure.retry_after_s
        self._gate.settle(self._site, turn, throttled, retry_after_s)


def _clear(work: Path) -> None:
    """Removes what an attempt left behind, which yt-dlp would go on with."""
    for path in work.glob("video.*"):
        path.unlink()
