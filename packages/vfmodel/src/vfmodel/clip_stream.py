"""Datasets as endless streams of clips, whose order is a pure function of the seed.

Position p of a stream is clip `order(p // n)[p % n]` of a dataset of n clips.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from vfmodel.batch_order import Pick
from vfmodel.clip_source import ClipSource


class ClipStream(Dataset[Any]):
    """The clip at each position of the endless stream of one dataset."""

    def __init__(self, clips: ClipSource, seed: int) -> None:
        self.clips = clips
        self.seed = seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def __getitem__(self, position: int) -> Any:  # noqa: ANN401
        """The item at a position >= 0; the dataset shows a new time window each time round."""
        epoch, place = divmod(position, len(self.clips))
        if epoch != self._epoch:
            self._order = self._shuffled(epoch)
            self._epoch = epoch
            self.clips.set_epoch(epoch)
        return self.clips[int(self._order[place])]

    def _shuffled(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed((self.seed << 32) + epoch)
        return torch.randperm(len(self.clips), generator=generator)


class Mixture(Dataset[Any]):
    """The clips of several streams, by (stream, position)."""

    def __init__(self, streams: Sequence[ClipStream]) -> None:
        self.streams = streams

    def __getitem__(self, pick: Pick) -> Any:  # noqa: ANN401
        """The item at a position of a stream."""
        stream, position = pick
        return self.streams[stream][position]
