"""Keeps some decoded frames of the running scene, so that its middle needs no second decode.

A frame is held by reference, which costs its memory and no time. Where the middle will be is known
only at the end, so frames are held at equal distances, and whenever there are too many every other
one is let go: what is left is never further from any frame than one part in `capacity`.
"""

import av

# Twice this is the most that is held: a scene that has ended and the next. A decoder that cannot
# use its last few buffers again works on cold memory: 16 frames held cost 5 % of the decoding.
_BUDGET_BYTES = 64 * 2**20
_MOST, _LEAST = 8, 4


class FrameHolder:
    """Frames by number.

    Args:
        frame_nbytes: Size of one decoded frame.
    """

    def __init__(self, frame_nbytes: int) -> None:
        self._capacity = max(_LEAST, min(_MOST, _BUDGET_BYTES // max(1, frame_nbytes)))
        self._held: dict[int, av.VideoFrame] = {}
        self._begin, self._stride, self._count = 0, 1, 0

    def begin_scene(self, index: int) -> None:
        """Says that a scene may begin with frame `index`, the next to be added, or just before."""
        self._begin, self._stride, self._count = index, 1, 0

    def add(self, index: int, frame: "av.VideoFrame") -> None:
        """Offers the next frame; it may be held."""
        if (index - self._begin) % self._stride:
            return
        self._held[index] = frame
        self._count += 1
        if self._count > self._capacity:
            self._stride *= 2
            for held in [i for i in self._held if i >= self._begin]:
                if (held - self._begin) % self._stride:
                    del self._held[held]
                    self._count -= 1

    def nearest(self, first: int, last: int, wanted: float) -> "tuple[int, av.VideoFrame] | None":
        """The held frame in [first, last) that is nearest to `wanted`, with its number."""
        inside = [index for index in self._held if first <= index < last]
        if not inside:
            return None
        index = min(inside, key=lambda candidate: abs(candidate - wanted))
        return index, self._held[index]

    def let_go(self, before: int) -> None:
        """Forgets the frames before a number."""
        for index in [index for index in self._held if index < before]:
            del self._held[index]
        self._count = sum(index >= self._begin for index in self._held)
