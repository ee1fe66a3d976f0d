"""What one download may use up: bytes, time, and patience with a slow server."""

from collections.abc import Callable

from hdvg.failures import VideoFailure

# What YouTube asks for before a video has some 5 MB; chosen here with room to spare.
MAX_PAGE_BYTES = 16 * 2**20
# Slower than this, a video would outlast any patience; a modem of 1995 did better.
MIN_BYTES_PER_S = 1024


class Budget:
    """Counts a download's bytes and time and ends it when they are used up.

    Args:
        max_bytes: Of the media; pages have `MAX_PAGE_BYTES`.
        max_s: For everything.
        patience_s: Over so long a time a server sends at least `MIN_BYTES_PER_S`.
        clock: Seconds that only grow.
    """

    def __init__(
        self, *, max_bytes: int, max_s: float, patience_s: float, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._max_bytes = max_bytes
        self._allowed = MAX_PAGE_BYTES
        self._what = "pages"
        self._used = 0
        self._end_s = clock() + max_s
        self.start_reading()

    def start_media(self) -> None:
        """From here on bytes are the video's."""
        self._allowed, self._what, self._used = self._max_bytes, "video", 0

    def start_reading(self) -> None:
        """An answer begins; until then the server was asked for nothing."""
        self._window_s, self._window_bytes = self._clock(), 0

    def refuse_size(self, nbytes: int) -> None:
        """Judges a size that the server announces.

        Raises:
            VideoFailure: It is more than what is left.
        """
        if self._used + nbytes > self._allowed:
            raise VideoFailure("too_large", f"the {self._what}: more than {self._allowed} bytes")

    def spend(self, nbytes: int) -> None:
        """Counts bytes that have arrived, and the time that has passed.

        Raises:
            VideoFailure: Bytes, time or patience are used up.
        """
        self.refuse_size(nbytes)
        self._used += nbytes
        now_s = self._clock()
        if now_s >= self._end_s:
            raise VideoFailure("walltime", "not fetched in the time that a video may take")
        self._window_bytes += nbytes
        passed_s = now_s - self._window_s
        if passed_s >= self._patience_s:
            if self._window_bytes < MIN_BYTES_PER_S * passed_s:
                raise VideoFailure("stalled", f"less than {MIN_BYTES_PER_S} bytes a second")
            self._window_s, self._window_bytes = now_s, 0
