"""When packets are decoded: decoding timestamps for segments that encoders made one by one.

Each encoder delays by what its own first frames need, so the timestamps of two may overlap where
frames come at uneven times. Here the whole film gets one delay.
"""

from collections.abc import Iterable, Iterator, Sequence


def needed_delay(pts: Sequence[int]) -> int:
    """By how many frames decoding must run ahead of showing.

    Args:
        pts: Of one segment, in the order of decoding; no two are equal.
    """
    rank = {value: index for index, value in enumerate(sorted(pts))}
    return max((index - rank[value] for index, value in enumerate(pts)), default=0)


def decode_times(segments: Iterable[Sequence[int]], delay: int) -> Iterator[int]:
    """One ascending timestamp a packet, none later than the packet's own pts.

    Args:
        segments: The pts of each segment in the order of decoding; segments do not overlap.
        delay: The largest of the segments' `needed_delay`.
    """
    waiting: list[int] = []
    for pts in segments:
        shown = sorted(pts)
        if not waiting and delay:
            step = shown[1] - shown[0] if len(shown) > 1 else 1
            waiting = [shown[0] - step * ahead for ahead in range(delay, 0, -1)]
        waiting.extend(shown)
        yield from waiting[: len(shown)]
        del waiting[: len(shown)]
