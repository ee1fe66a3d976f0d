"""The way from inputs to kept clips: how many are left after each step, and why no more are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

# What a failure's class says about how far the video came, in the order of the steps.
_STEPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("could be fetched", frozenset({"permanent", "geo", "throttled", "transient"})),
    ("can be decoded", frozenset({"corrupt"})),
    ("were worked on to the end", frozenset({"resource", "internal"})),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is left after one step.

    Attributes:
        name: The step.
        count: How many are left.
        share: Of the first step of the same kind, 0..1.
        lost: Why the others are not, most frequent first: code and count.
        kind: What is counted: "videos", "scenes" or "clips".
        note: More about it, such as a selection's expression; may be "".
    """

    name: str
    count: int
    share: float
    lost: tuple[tuple[str, int], ...] = ()
    kind: str = "videos"
    note: str = ""


def count_videos(num_planned: int, videos: Sequence[Row]) -> list[Step]:
    """The steps that videos take.

    Args:
        num_planned: Inputs.
        videos: Rows of the videos table: those that are done.
    """
    left = list(videos)
    pending = num_planned - len(left)
    steps = [Step(name="inputs", count=num_planned, share=1.0)]
    if pending:
        lost = (("not worked on yet", pending),)
        steps.append(
            Step(name="done so far", count=len(left), share=len(left) / num_planned, lost=lost)
        )
    for name, classes in _STEPS:
        gone = [row for row in left if row["fail_class"] in classes]
        left = [row for row in left if row["fail_class"] not in classes]
        steps.append(_step(name, len(left), num_planned, gone))
    gone = [row for row in left if row["status"] != "ok"]
    steps.append(_step("pass the filter", len(left) - len(gone), num_planned, gone))
    return steps


def count_clips(
    num_scenes: int, num_clips: int, selections: Sequence[tuple[str, str, int]]
) -> list[Step]:
    """The steps from scenes to clips to selections.

    Args:
        num_scenes: Scenes that were found, the short ones too.
        num_clips: Clips that were cut.
        selections: Name, expression and count of each.
    """
    total = max(1, num_scenes, num_clips)
    scenes = Step(name="scenes found", count=num_scenes, share=num_scenes / total, kind="scenes")
    short = num_scenes - num_clips
    lost = (("shorter than a clip may be", short),) if short > 0 else ()
    clips = Step(name="clips", count=num_clips, share=num_clips / total, lost=lost, kind="clips")
    chosen = [
        Step(name=f"selection {name}", count=count, share=count / total, kind="clips", note=rule)
        for name, rule, count in selections
    ]
    return [scenes, clips, *chosen]


def _step(name: str, count: int, num_planned: int, gone: Sequence[Row]) -> Step:
    codes = Counter(str(row["fail_code"]) for row in gone)
    return Step(name=name, count=count, share=count / max(1, num_planned), lost=_ranked(codes))


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
