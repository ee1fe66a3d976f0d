"""Counts of a run and how they are put: what is done, how fast, what failed, what is at work."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

# A line of 80 columns holds about as many names.
_MAX_NAMED = 3


@dataclass
class Tally:
    """Counts of one run; `add` takes rows of the videos table."""

    total: int
    num_done: int = 0
    num_clips: int = 0
    source_s: float = 0.0
    """Seconds of video in what is done, as far as known."""
    failures: Counter[str] = field(default_factory=Counter)
    elapsed_s: float = 0.0
    """Since the first video was begun."""
    at_work: dict[str, float] = field(default_factory=dict)
    """Seconds since each video that is worked on was begun."""

    def add(self, row: Mapping[str, object]) -> None:
        """Counts one finished video."""
        self.num_done += 1
        self.num_clips += int(str(row["num_clips"]))
        self.source_s += float(str(row.get("duration_s") or 0.0))
        if row["status"] != "ok":
            self.failures[str(row["fail_class"])] += 1


def describe_counts(tally: Tally) -> str:
    """Counts in words: "40 clips, 5 failed (content 3, corrupt 2)"."""
    text = f"{tally.num_clips} clips, {tally.failures.total()} failed"
    return f"{text} ({_list(tally)})" if tally.failures else text


def describe_pace(tally: Tally) -> str:
    """How fast it goes: "8.0 videos/min, 3.2 s of video a second"; "" while nothing is done."""
    if not tally.num_done or tally.elapsed_s <= 0:
        return ""
    videos = 60 * tally.num_done / tally.elapsed_s
    return f"{videos:.1f} videos/min, {tally.source_s / tally.elapsed_s:.1f} s of video a second"


def describe_work(tally: Tally) -> str:
    """What is worked on, longest first: "v7 1:05, v9 0:03, v8 0:01 and 2 more"; "" for nothing."""
    ranked = sorted(tally.at_work.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{name} {_clock(seconds)}" for name, seconds in ranked[:_MAX_NAMED])
    more = len(ranked) - _MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named


def format_eta(tally: Tally) -> str:
    """Time left as m:ss at the pace so far; "-:--" before the first video is done."""
    if not tally.num_done:
        return "-:--"
    return _clock(tally.elapsed_s / tally.num_done * (tally.total - tally.num_done))


def _list(tally: Tally) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(tally.failures.items()))


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
