"""Clips encoded once and kept in memory, for training that reads the same clips many times.

Shape letters: B clips, C latent channels, T frames, h and w latent height and width.
"""

import logging
from itertools import zip_longest
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, distributed
from torch.utils.data import DataLoader, Dataset, Subset

from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.sound_clips import SKIPPED, Skipped, SoundClips, check_sound, collate

LOG = logging.getLogger(__name__)

_BATCH = 4


class Encoded(NamedTuple):
    """Every clip of a dataset in one time window each.

    Attributes:
        latents: Of each clip.
        labels: What else the items of the clips held: caption, clip_id, fps.
        skipped: Which clips could not be read, so that others stand in their place.
    """

    latents: Float[Tensor, "N C T h w"]
    labels: list[dict[str, Any]]
    skipped: list[Skipped]


class LatentClips(Dataset[dict[str, Any]]):
    """The latents of every clip in one time window each; another window in another epoch."""

    def __init__(self, windows: list[Encoded]) -> None:
        self.windows = windows
        self._epoch = 0

    def __len__(self) -> int:
        """The number of clips."""
        return len(self.windows[0].labels)

    def set_epoch(self, epoch: int) -> None:
        """Takes the windows in turn."""
        self._epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Latents [C, T, h, w], caption, clip_id and fps of one clip."""
        window = self.windows[self._epoch % len(self.windows)]
        return {"latents": window.latents[index], **window.labels[index]}


def to_pixels(video: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, "B 3 T H W"]:
    """A batch as the reader gives it, to what the autoencoder takes, in [0, 1]."""
    return video.transpose(1, 2).float() / 255.0


def encode_clips(
    clips: SoundClips, autoencoder: VideoAutoencoder, num_windows: int, num_workers: int
) -> LatentClips:
    """Encodes every clip in the time windows of epochs 0 .. num_windows - 1.

    The processes of a distributed run encode a part each and share what they have.

    Raises:
        InputError: No clip can be read.
    """
    windows = []
    for epoch in range(num_windows):
        LOG.info("encoding %d clips, window %d of %d", len(clips), epoch + 1, num_windows)
        clips.set_epoch(epoch)
        windows.append(_join(_encode_share(clips, autoencoder, num_workers)))
    return LatentClips(windows)


def _encode_share(clips: SoundClips, autoencoder: VideoAutoencoder, num_workers: int) -> Encoded:
    """This process's part of the clips: every n-th of n processes."""
    rank, num_processes = _place()
    latents: list[Tensor] = []
    labels: list[dict[str, Any]] = []
    skipped: list[Skipped] = []
    share = range(rank, len(clips), num_processes)
    loader: DataLoader[Any] = DataLoader(
        Subset(clips, share), _BATCH, num_workers=num_workers, collate_fn=collate
    )
    for batch in loader:
        check_sound(batch)
        skipped += batch[SKIPPED]
        latents.append(autoencoder.encode(to_pixels(batch["video"])))
        columns = (batch["caption"], batch["clip_id"], batch["fps"].tolist())
        labels += [
            {"caption": caption, "clip_id": clip_id, "fps": fps}
            for caption, clip_id, fps in zip(*columns, strict=True)
        ]
    # With fewer clips than processes some have none.
    joined = torch.cat(latents) if latents else torch.empty(0)
    return Encoded(joined, labels, skipped)


def _join(share: Encoded) -> Encoded:
    """The parts of all processes, in the order of the clips."""
    _, num_processes = _place()
    if num_processes == 1:
        return share
    shares: list[Encoded] = [share] * num_processes
    distributed.all_gather_object(shares, share)
    turns = zip_longest(*(part.labels for part in shares))
    order = [(k, n) for n, turn in enumerate(turns) for k, label in enumerate(turn) if label]
    return Encoded(
        torch.stack([shares[k].latents[n] for k, n in order]),
        [shares[k].labels[n] for k, n in order],
        [one for part in shares for one in part.skipped],
    )


def _place() -> tuple[int, int]:
    """This process's number, and how many there are."""
    if distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
