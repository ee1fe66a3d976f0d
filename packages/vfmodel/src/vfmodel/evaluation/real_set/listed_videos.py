"""A dataset's videos as a protocol asks for them, and what is missing of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RealVideo:
    """One video.

    Attributes:
        name: Its name in the dataset, unique.
        path: Where it lies; None if the dataset names it and the file is missing.
        captions: What the dataset says about it, in its order.
        label: Its class, or "".
    """

    name: str
    path: Path | None
    captions: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class ListedVideos:
    """The videos of a split, in the order of their names.

    Attributes:
        dataset: Its name.
        split: Which part.
        videos: All that the dataset names, with a file or without.
        num_expected: Videos that the complete split has; 0 where nobody can know.
        skipped: Rows and files that could not be used, counted by reason.
    """

    dataset: str
    split: str
    videos: tuple[RealVideo, ...]
    num_expected: int
    skipped: Counter[str]

    @property
    def found(self) -> list[RealVideo]:
        """The videos whose files are there."""
        return [video for video in self.videos if video.path is not None]

    @property
    def is_complete(self) -> bool:
        """Whether every video of the split is there, as far as it can be known."""
        return len(self.found) == max(self.num_expected, len(self.videos))

    def counts(self) -> dict[str, Any]:
        """What there should be and what there is, for a result file."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "expected": self.num_expected or len(self.videos),
            "listed": len(self.videos),
            "found": len(self.found),
            "complete": self.is_complete,
            "skipped": dict(self.skipped),
        }

    def shortfall(self) -> str:
        """What is missing in one line for a person; empty if nothing is."""
        if self.is_complete:
            return ""
        wanted = self.num_expected or len(self.videos)
        return (
            f"{self.dataset} ({self.split}) is incomplete: {len(self.found)} of {wanted} videos are"
            f" there, {len(self.videos)} are listed"
        )


def index_files(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Video files below a folder by stem; of equal stems the first path counts."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes and path.name[0] != "." and path.is_file():
            found.setdefault(path.stem, path)
    return found
