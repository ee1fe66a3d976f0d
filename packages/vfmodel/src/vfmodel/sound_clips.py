"""Clips that cannot be read give way to others, so that one bad file does not end a training.

Which clip stands in is a pure function of the seed, the epoch and the index, and of which clips are
broken: every process and every resumed run takes the same one, and batches keep their size.
"""

from typing import Any, NamedTuple

import numpy as np
from torch.utils.data import Dataset, default_collate

from hdvg.errors import InputError
from vfmodel.clip_source import ClipSource

# Key of an item and of a batch: what was skipped on the way to it.
SKIPPED = "skipped"
# Chosen here: where half of the clips are broken, one in 65,000 items finds no stand-in.
_TRIES = 16


class Skipped(NamedTuple):
    """A clip that could not be read.

    Attributes:
        source: Which of the run's sources it belongs to.
        clip: Its index in the source.
        reason: What went wrong; names the clip.
    """

    source: int
    clip: int
    reason: str


class SoundClips(Dataset[dict[str, Any]]):
    """The clips of a source, those that cannot be read replaced by others of the same source."""

    def __init__(self, clips: ClipSource, seed: int, source: int = 0) -> None:
        """Wraps a source.

        Args:
            clips: What to read from.
            seed: Decides which clip stands in for which.
            source: The source's number, for the record.
        """
        self.clips = clips
        self.seed = seed
        self.source = source
        self._epoch = 0

    def __len__(self) -> int:
        """The number of clips, broken ones included."""
        return len(self.clips)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the time windows, and who stands in for whom."""
        self._epoch = epoch
        self.clips.set_epoch(epoch)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The source's item, or another one's, with what was skipped on the way.

        An item that holds nothing but `skipped` says that no clip could be found. It is no error
        here, because this may be a loader's process, out of which errors come as tracebacks.
        """
        skipped: list[Skipped] = []
        for attempt in range(_TRIES):
            chosen = index if attempt == 0 else self._stand_in(index, attempt)
            try:
                return {**self.clips[chosen], SKIPPED: skipped}
            except (InputError, OSError) as error:
                skipped.append(Skipped(self.source, chosen, str(error)))
        return {SKIPPED: skipped}

    def _stand_in(self, index: int, attempt: int) -> int:
        draw = np.random.default_rng((self.seed, self._epoch, index, attempt))
        return int(draw.integers(len(self.clips)))


def collate(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch of a loader over `SoundClips`: as torch makes it, with what was skipped in a list.

    If an item found no clip, the batch holds nothing else.
    """
    skipped = [one for item in items for one in item[SKIPPED]]
    contents = [{k: v for k, v in item.items() if k != SKIPPED} for item in items]
    if not all(contents):
        return {SKIPPED: skipped}
    batch: dict[str, Any] = default_collate(contents)
    return {**batch, SKIPPED: skipped}


def check_sound(batch: dict[str, Any]) -> None:
    """Refuses a batch for which no clips could be found.

    Raises:
        InputError: There is nothing in it; names the first clip that could not be read.
    """
    if batch.keys() == {SKIPPED}:
        skipped = batch[SKIPPED]
        raise InputError(
            f"no clip can be read any more, {len(skipped)} were tried; the first: "
            f"{skipped[0].reason}"
        )
