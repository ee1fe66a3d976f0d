"""Deals pairs to raters: each as often as the others, on both sides, in an order of its own."""

import random
from collections.abc import Sequence

from vfmodel.study.study_folder import Trial


def deal_sheets(
    pairs: Sequence[int], checks: Sequence[int], *, num_sheets: int, pairs_a_sheet: int, seed: int
) -> tuple[tuple[Trial, ...], ...]:
    """What each rater sees.

    Over all sheets no pair is dealt more than once more than another, and a pair that is dealt
    again has changed sides. The checks lie at random places, one in each equal part of a sheet, so
    that whoever stops early has seen some of them.

    Args:
        pairs: Numbers of the pairs that compare models.
        checks: Numbers of the checks; every sheet has all of them.
        num_sheets: How many different sheets, above 0.
        pairs_a_sheet: Pairs on each beside the checks; all of them where there are fewer.
        seed: Of order and sides.
    """
    draw = random.Random(f"sheets {seed}")
    used = dict.fromkeys(pairs, 0)
    swapped = {number: draw.random() < 0.5 for number in (*pairs, *checks)}
    sheets = []
    for _ in range(num_sheets):
        dealt = sorted(pairs, key=lambda number: (used[number], draw.random()))[:pairs_a_sheet]
        draw.shuffle(dealt)
        for number in dealt:
            used[number] += 1
        order = _spread(dealt, draw.sample(checks, len(checks)), draw)
        sheet = []
        for number in order:
            sheet.append(Trial(pair=number, swapped=swapped[number]))
            swapped[number] = not swapped[number]
        sheets.append(tuple(sheet))
    return tuple(sheets)


def _spread(dealt: list[int], checks: list[int], draw: random.Random) -> list[int]:
    """Puts one check into each of as many equal parts as there are checks."""
    order: list[int] = []
    for index, check in enumerate(checks):
        start = len(dealt) * index // len(checks)
        end = len(dealt) * (index + 1) // len(checks)
        part = dealt[start:end]
        part.insert(draw.randint(0, len(part)), check)
        order += part
    return order if checks else dealt
