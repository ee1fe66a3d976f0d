"""Which videos of a source are taken: quotas by label, drawn by a hash of the id.

A video's rank is a digest of (seed, id): it depends on nothing else. The videos of the smallest
ranks are taken, so that a larger quota, or a longer list, adds to a sample and never replaces it
at random; and one pass over a list of any length keeps only what is sampled.
"""

import hashlib
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hdvg.errors import InputError
from hdvg.sources.rows import Entry, SkippedRow
from hdvg.sources.source_video import SourceVideo, Span

SPAN_MODES = ("ignore", "caption", "cut")
# A list of a hundred million bad lines must not fill the memory with examples.
_MAX_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """How many videos of a source are taken."""

    per_label: int = 0
    """At most this many of each label, and of the videos without one; 0: all."""
    quotas: dict[str, int] = field(default_factory=dict)
    """Label to how many; where given, only these labels are taken."""
    total: int = 0
    """At most this many in all; 0: all."""
    seed: int = 0
    """Which ones. The same seed and a larger number keep what was taken."""

    def __post_init__(self) -> None:
        for name in ("per_label", "total", "seed"):
            if getattr(self, name) < 0:
                raise InputError(f"sample.{name} must not be negative, got {getattr(self, name)}")
        if self.per_label and self.quotas:
            raise InputError("give sample.per_label or sample.quotas, not both")
        for label, count in self.quotas.items():
            if count < 1:
                raise InputError(f"sample.quotas: {label!r} must be at least 1, got {count}")

    def limit(self, label: str) -> float:
        """How many videos of a label are taken at most; infinity where nothing bounds it."""
        if self.quotas:
            return self.quotas.get(label, 0)
        return self.per_label or math.inf


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What one pass over a source gave.

    Attributes:
        videos: The sampled videos in the order of the source, each once with all its spans.
        num_listed: Rows that name a video, before sampling and merging.
        skipped: Rows that could not be used, by reason.
        examples: A few of them, for a person.
        unmet: Label to how many videos its quota lacks.
    """

    videos: list[SourceVideo]
    num_listed: int
    skipped: dict[str, int]
    examples: tuple[str, ...]
    unmet: dict[str, int]


def gather(
    entries: Iterable[Entry],
    sample: SampleConfig,
    labels: Mapping[str, str] | None = None,
    spans: str = "caption",
) -> Gathered:
    """Samples a source and merges the rows of one video, in one pass.

    Args:
        entries: The rows.
        sample: How many are taken.
        labels: Label by video id or locator; goes before a list's own.
        spans: One of `SPAN_MODES`; what the mode does not use is not kept.

    Raises:
        InputError: A quota for a label that no video has, or `per_label` without labels.
    """
    chosen = _Sample(sample)
    skipped: Counter[str] = Counter()
    examples: list[str] = []
    seen: set[str] = set()
    num_listed = 0
    labelled = False
    for entry in entries:
        if isinstance(entry, SkippedRow):
            skipped[entry.reason] += 1
            if len(examples) < _MAX_EXAMPLES:
                examples.append(f"{entry.where}: {entry.reason}")
            continue
        num_listed += 1
        video = _relabel(entry, labels or {})
        if sample.quotas:
            seen.add(video.label)
        labelled = labelled or bool(video.label)
        chosen.add(replace(video, spans=_useful(video.spans, spans)))
    if sample.per_label and not labelled:
        raise InputError("sample.per_label needs labels, and the source has none: see labels")
    if missing := sorted(sample.quotas.keys() - seen):
        known = ", ".join(sorted(seen - {""})[:30]) or "none"
        raise InputError(f"sample.quotas: no video has the label {missing[0]!r}; labels: {known}")
    videos = chosen.videos()
    counts = Counter(video.label for video in videos)
    return Gathered(
        videos=videos,
        num_listed=num_listed,
        skipped=dict(sorted(skipped.items())),
        examples=tuple(examples),
        unmet={
            label: wanted - counts[label]
            for label, wanted in sorted(sample.quotas.items())
            if counts[label] < wanted
        },
    )


def rank(seed: int, video_id: str) -> int:
    """Place of a video in the sampling order: 64 bits of a digest."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{video_id}".encode()).digest()[:8], "big")


def draw(videos: Sequence[SourceVideo], count: int, seed: int) -> list[SourceVideo]:
    """At most `count` of the videos, those of the smallest ranks, in the order of the source."""
    ranks = {video.video_id: rank(seed, video.video_id) for video in videos}
    kept = set(heapq.nsmallest(count, ranks, key=ranks.__getitem__))
    return [video for video in videos if video.video_id in kept]


class _Sample:
    """The videos of the smallest ranks so far, by label."""

    def __init__(self, config: SampleConfig) -> None:
        self._config = config
        self._videos: dict[str, SourceVideo] = {}
        self._more: dict[str, list[Span]] = {}
        self._heaps: dict[str, list[tuple[int, str]]] = {}

    def add(self, video: SourceVideo) -> None:
        """Takes a video, merges it with an earlier row's, or leaves it."""
        if video.video_id in self._videos:
            if video.spans:
                self._more.setdefault(video.video_id, []).extend(video.spans)
            return
        # Without quotas one heap bounds the whole, so that `total` too bounds the memory.
        by_label = bool(self._config.quotas or self._config.per_label)
        group = video.label if by_label else ""
        limit = self._config.limit(group) if by_label else self._config.total or math.inf
        heap = self._heaps.setdefault(group, [])
        place = (-rank(self._config.seed, video.video_id), video.video_id)
        if limit == math.inf:
            self._videos[video.video_id] = video
        elif len(heap) < limit:
            heapq.heappush(heap, place)
            self._videos[video.video_id] = video
        elif heap and place > heap[0]:
            _, left = heapq.heapreplace(heap, place)
            del self._videos[left]
            self._more.pop(left, None)
            self._videos[video.video_id] = video

    def videos(self) -> list[SourceVideo]:
        """What was taken, in the order of the source."""
        taken = list(self._videos.values())
        if self._config.total:
            taken = draw(taken, self._config.total, self._config.seed)
        return [self._with_all_spans(video) for video in taken]

    def _with_all_spans(self, video: SourceVideo) -> SourceVideo:
        more = self._more.get(video.video_id)
        if not more:
            return video
        return replace(video, spans=tuple(dict.fromkeys([*video.spans, *more])))


def _relabel(video: SourceVideo, labels: Mapping[str, str]) -> SourceVideo:
    label = labels.get(video.video_id) or labels.get(video.locator)
    return replace(video, label=label) if label else video


def _useful(spans: tuple[Span, ...], mode: str) -> tuple[Span, ...]:
    if mode == "ignore":
        return ()
    return spans if mode == "cut" else tuple(span for span in spans if span.caption)
