"""What is done about a failure, by its class: the one place that decides on another attempt."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from hdvg.failures import VideoFailure

# The first delay after a transient failure, and the longest; each is twice the one before.
FIRST_DELAY_S, MAX_DELAY_S = 2.0, 60.0


class Remedy(Enum):
    """What may help against a failure while the video's turn lasts."""

    NOTHING = "the same would happen again"
    OTHER_EGRESS = "once through each other egress"
    PAUSE = "the breaker closes the egress; not counted as an attempt, bounded by max_wait_s"
    DELAY = "again after a delay, `retries` times"


REMEDIES: dict[str, Remedy] = {
    "permanent": Remedy.NOTHING,
    "geo": Remedy.OTHER_EGRESS,
    "throttled": Remedy.PAUSE,
    "transient": Remedy.DELAY,
    "content": Remedy.NOTHING,
    "corrupt": Remedy.NOTHING,
    "resource": Remedy.NOTHING,
    "internal": Remedy.NOTHING,
}


@dataclass
class Attempts:
    """What has been tried for one video.

    Attributes:
        num_delayed: Attempts that were followed by a delay.
        blocked: Egresses through which the video cannot be seen.
    """

    num_delayed: int = 0
    blocked: frozenset[int] = frozenset()


def next_attempt(
    failure: VideoFailure, egress: int, past: Attempts, retries: int, num_egresses: int
) -> Attempts | None:
    """Whether and how to go on after a failure.

    Args:
        failure: What happened.
        egress: Through which egress.
        past: What had been tried before.
        retries: See `DownloadConfig`.
        num_egresses: How many there are.

    Returns:
        What has been tried by now, or None to give up.
    """
    remedy = REMEDIES[failure.fail_class]
    if remedy is Remedy.PAUSE:
        return past
    if remedy is Remedy.OTHER_EGRESS:
        blocked = past.blocked | {egress}
        return Attempts(past.num_delayed, blocked) if len(blocked) < num_egresses else None
    if remedy is Remedy.DELAY and past.num_delayed < retries:
        return Attempts(past.num_delayed + 1, past.blocked)
    return None


def delay_s(key: str, attempt: int) -> float:
    """Seconds to wait before attempt 1, 2, ...: doubling, and spread by half to either side.

    The spread keeps workers from coming back all at once. It is drawn from the key, so that a
    build takes the same course each time.
    """
    digest = hashlib.sha256(f"{key}/{attempt}".encode()).digest()
    spread = 0.5 + int.from_bytes(digest[:4], "big") / 2**32
    return min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt - 1, 16)) * spread
