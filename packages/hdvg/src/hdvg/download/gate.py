"""The way to the pace: in this process, or, for all workers of a build, in an actor."""

import time
from collections.abc import Callable
from typing import Protocol

from hdvg.download.pace import Pace, Turn
from hdvg.download.settings import DownloadConfig

# What sites are known to grant one guest, in videos an hour (yt-dlp's wiki, "Extractors").
_KNOWN_RATES = {"www.youtube.com": 300.0}


class Gate(Protocol):
    """Hands out turns; see `Pace`."""

    def claim(self, site: str, avoid: frozenset[int]) -> Turn:
        """Asks for a turn."""
        ...

    def settle(self, site: str, turn: Turn, throttled: bool, retry_after_s: float) -> None:
        """Tells how a turn went."""
        ...


class LocalGate:
    """A pace with a clock. An actor holds one for a build; a lone process holds its own."""

    def __init__(self, config: DownloadConfig, clock: Callable[[], float] = time.monotonic) -> None:
        rate = config.requests_per_hour
        self._pace = Pace(config.num_egresses, {} if rate else _KNOWN_RATES, default_rate=rate)
        self._clock = clock

    def claim(self, site: str, avoid: frozenset[int]) -> Turn:
        """Asks for a turn."""
        return self._pace.claim(site, avoid, self._clock())

    def settle(self, site: str, turn: Turn, throttled: bool, retry_after_s: float) -> None:
        """Tells how a turn went."""
        self._pace.settle(
            site, turn, self._clock(), throttled=throttled, retry_after_s=retry_after_s
        )
