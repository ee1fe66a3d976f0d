"""Which of a clip's captions a window is shown with, where a dataset has several families."""

from collections.abc import Mapping
from dataclasses import dataclass

from hdvg.errors import InputError


@dataclass(frozen=True)
class Captions:
    """The captions of some families, each with the probability of being shown.

    Attributes:
        texts: Captions by clip id, of each family.
        probabilities: Of each family; positive, in any unit.
    """

    texts: Mapping[str, Mapping[str, str]]
    probabilities: Mapping[str, float]

    def choose(self, clip_id: str, draw: float) -> str:
        """The caption that a draw from [0, 1) gives; "" where no family has one.

        Families that have no caption for the clip leave their probability to the others.
        """
        having = [name for name, texts in self.texts.items() if clip_id in texts]
        if not having:
            return ""
        left = draw * sum(self.probabilities[name] for name in having)
        for name in having[:-1]:
            left -= self.probabilities[name]
            if left < 0:
                return self.texts[name][clip_id]
        return self.texts[having[-1]][clip_id]


def weigh_families(captions: str | Mapping[str, float] | None) -> dict[str, float]:
    """The probability of each caption family that was asked for.

    Raises:
        InputError: No family, or a probability that is not positive and finite.
    """
    if captions is None:
        return {}
    if isinstance(captions, str):
        return {captions: 1.0}
    if not captions:
        raise InputError("captions names no family: {}")
    for family, probability in captions.items():
        if not 0 < probability < float("inf"):
            raise InputError(
                f"the probability of captions {family!r} must be positive, got {probability}"
            )
    return dict(captions)
