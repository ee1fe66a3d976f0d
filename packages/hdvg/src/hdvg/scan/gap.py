"""A stretch of frames between two scenes that belongs to neither."""

from dataclasses import dataclass

# Frames.
_REACH = 2


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A transition, or what lies between two.

    Attributes:
        start: Its first frame.
        end: The first frame after it.
        before: How it begins: "cut", "fade" or "dissolve"; what ends the scene before.
        after: How it ends, likewise; what starts the scene after.
    """

    start: int
    end: int
    before: str
    after: str

    def absorbs(self, cut: int) -> bool:
        """Whether a hard cut is part of it: a cut detector also fires at a transition's ends."""
        return self.start - _REACH <= cut <= self.end + _REACH
