"""How often what is seen is what was asked for, with intervals."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vfmodel.evaluation.read_prompt import Asked
from vfmodel.evaluation.shapes_prompts import ShapesPrompt
from vfmodel.evaluation.shapes_tracker import Seen

ATTRIBUTES = ("colour", "background", "shape", "motion", "watermark")
# With what follows from them.
JUDGED = (*ATTRIBUTES, "everything", "direction")
# Two-sided 95 % of a normal distribution.
_Z = 1.959964


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share with its interval.

    Attributes:
        hits: How many were as asked.
        count: Of how many.
        low: Lower end of Wilson's 95 % interval, in [0, 1].
        high: Upper end.
    """

    hits: int
    count: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Hits as a part of all, in [0, 1]."""
        return self.hits / self.count


def compare(prompt: ShapesPrompt | Asked, seen: Seen) -> dict[str, bool]:
    """Whether each of `ATTRIBUTES` came out as asked; the watermark counts where stock does."""
    asked = prompt.attributes
    verdict = {name: getattr(seen, name) == value for name, value in asked.items()}
    return {**verdict, "watermark": seen.watermark == prompt.stock}


def judge(prompt: ShapesPrompt | Asked, seen: Seen) -> dict[str, bool]:
    """What came out as asked, of `JUDGED`.

    "everything" is whether all attributes did; "direction" is the motion, where one in a direction
    is asked for, and not there where none is.
    """
    verdict = compare(prompt, seen)
    told = {**verdict, "everything": all(verdict.values())}
    if prompt.attributes["motion"].startswith("moving "):
        told["direction"] = verdict["motion"]
    return told


def wilson(hits: int, count: int) -> Share:
    """A share with the interval of Wilson (1927), which holds near 0 and 1 too.

    Raises:
        ValueError: No trials, or more hits than trials.
    """
    if not 0 <= hits <= count or count == 0:
        raise ValueError(f"{hits} hits of {count}")
    share, more = hits / count, _Z**2 / count
    middle = (share + more / 2) / (1 + more)
    reach = math.sqrt(more * (share * (1 - share) + more / 4)) / (1 + more)
    return Share(
        hits=hits, count=count, low=max(0.0, middle - reach), high=min(1.0, middle + reach)
    )


def add_up(prompts: Sequence[ShapesPrompt], seen: Sequence[Seen]) -> dict[str, dict[str, Share]]:
    """Shares by group (seen, unseen, all; those that there are) and by what `judge` tells."""
    verdicts = [judge(prompt, shown) for prompt, shown in zip(prompts, seen, strict=True)]
    groups = {
        "seen": [not prompt.unseen for prompt in prompts],
        "unseen": [prompt.unseen for prompt in prompts],
        "all": [True for _ in prompts],
    }
    shares: dict[str, dict[str, Share]] = {}
    for group, members in groups.items():
        chosen = [verdict for verdict, member in zip(verdicts, members, strict=True) if member]
        if chosen:
            found = {name: [v[name] for v in chosen if name in v] for name in JUDGED}
            shares[group] = {name: wilson(sum(v), len(v)) for name, v in found.items() if v}
    return shares


def confuse(
    prompts: Sequence[ShapesPrompt], seen: Sequence[Seen], attribute: str
) -> dict[str, dict[str, int]]:
    """How often each value that was asked for was seen as each; "nothing" is no object."""
    table: dict[str, Counter[str]] = {}
    for prompt, shown in zip(prompts, seen, strict=True):
        answer = getattr(shown, attribute) or "nothing"
        table.setdefault(prompt.attributes[attribute], Counter())[answer] += 1
    return {asked: dict(answers.most_common()) for asked, answers in sorted(table.items())}
