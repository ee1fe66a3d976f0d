"""How often what is seen is what was asked for, with intervals."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vfmodel.evaluation.read_prompt import Asked
from vfmodel.evaluation.shapes_prompts import ShapesPrompt
from vfmodel.evaluation.shapes_tracker import Seen

ATTRIBUTES = ("colour", "background", "shape", "motion", "watermark")
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
    """Shares by group (seen, unseen, all; those that there are) and attribute.

    "everything" is the share of clips with all attributes right, "direction" that of clips with the
    right motion among those that ask for a direction, if any does.
    """
    verdicts = [compare(prompt, shown) for prompt, shown in zip(prompts, seen, strict=True)]
    directed = [prompt.attributes["motion"].startswith("moving ") for prompt in prompts]
    groups = {
        "seen": [not prompt.unseen for prompt in prompts],
        "unseen": [prompt.unseen for prompt in prompts],
        "all": [True for _ in prompts],
    }
    shares: dict[str, dict[str, Share]] = {}
    for group, members in groups.items():
        chosen = [verdict for verdict, member in zip(verdicts, members, strict=True) if member]
        if not chosen:
            continue
        shares[group] = {
            name: wilson(sum(verdict[name] for verdict in chosen), len(chosen))
            for name in ATTRIBUTES
        }
        shares[group]["everything"] = wilson(
            sum(all(verdict.values()) for verdict in chosen), len(chosen)
        )
        ways = [
            verdict["motion"]
            for verdict, member, asks in zip(verdicts, members, directed, strict=True)
            if member and asks
        ]
        if ways:
            shares[group]["direction"] = wilson(sum(ways), len(ways))
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
