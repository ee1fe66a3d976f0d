"""Training data: an endless stream of clips whose order is a pure function of the seed.

Position p of the stream is clip `order(p // n)[p % n]` of a dataset of n clips. A run that resumes
at step s therefore starts at position s * (clips a step), without replaying anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset, Sampler

from hdvg import ClipDataset
from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.latent_clips import ClipSource, encode_clips
from vfmodel.scene_clips import SceneClips

_SCENES = "shapes:"


@dataclass(frozen=True, kw_only=True)
class ClipConfig:
    """Length, rate and size of the training clips; the defaults are the mini model's."""

    num_frames: int = 8
    """Frames in a clip."""
    fps: float = 8.0
    """Frames per second."""
    height: int = 96
    """Height in pixels; a multiple of the autoencoder's factor."""
    width: int = 176
    """Width in pixels; a multiple of the autoencoder's factor."""

    def __post_init__(self) -> None:
        for name in ("num_frames", "fps", "height", "width"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")


torch.serialization.add_safe_globals([ClipConfig])


class ClipStream(Dataset[Any]):
    """The clip at each position of the endless stream."""

    def __init__(self, clips: ClipSource, seed: int) -> None:
        self.clips = clips
        self.seed = seed
        self._epoch = -1
        self._order: list[int] = []

    def __getitem__(self, position: int) -> Any:  # noqa: ANN401
        """The item at a position >= 0; the dataset shows a new time window each time round."""
        epoch, place = divmod(position, len(self.clips))
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed((self.seed << 32) + epoch)
            self._order = torch.randperm(len(self.clips), generator=generator).tolist()
            self._epoch = epoch
            self.clips.set_epoch(epoch)
        return self.clips[self._order[place]]


class Positions(Sampler[int]):
    """`first`, `first + step`, `first + 2 * step`, ... without end."""

    def __init__(self, first: int, step: int) -> None:
        self.first = first
        self.step = step

    def __iter__(self) -> Iterator[int]:
        """Counts from `first`, however often it is asked."""
        position = self.first
        while True:
            yield position
            position += self.step


class ClipDataModule(LightningDataModule):
    """Training batches from a dataset folder, or from scenes rendered on the fly.

    A batch holds `caption` and `clip_id` (lists of B) and either `video`, uint8 [B, T, 3, H, W],
    or `latents`, float [B, C, T, h, w].
    """

    def __init__(
        self,
        root: str = "data/mini",
        clip: ClipConfig = ClipConfig(),
        batch_size: int = 4,
        num_workers: int = 1,
        seed: int = 0,
        captions: str = "alt_text",
        select: str | None = None,
        cached_windows: int = 0,
    ) -> None:
        """Notes what to read; nothing is opened before training starts.

        Args:
            root: A dataset folder or URL, or `shapes:<n>` for n scenes rendered on the fly.
            clip: Length, rate and size of the clips.
            batch_size: Clips in a batch, on each process.
            num_workers: Loader processes; 0 reads in the training process.
            seed: Decides the order of the clips and their time windows.
            captions: Caption family of the dataset.
            select: Name of a selection of the dataset, or an expression; None takes every clip.
            cached_windows: If positive, every clip is encoded once in this many time windows and
                training takes its latents from memory; 0 reads and encodes at every step.
        """
        super().__init__()
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("num_workers", num_workers, 0),
            ("seed", seed, 0),
            ("cached_windows", cached_windows, 0),
        ):
            if value < least:
                raise InputError(f"{name} must be >= {least}, got {value}")
        self.root = root
        self.clip = clip
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.captions = captions
        self.select = select
        self.cached_windows = cached_windows
        self._clips: ClipSource | None = None

    def open(self) -> ClipSource:
        """Opens the data.

        Raises:
            InputError: Not a dataset folder, or `shapes:` with something else than a count.
        """
        if not self.root.startswith(_SCENES):
            return ClipDataset(
                self.root,
                captions=self.captions,
                seed=self.seed,
                select=self.select,
                **vars(self.clip),
            )
        count = self.root.removeprefix(_SCENES)
        if not count.isdecimal() or int(count) < 1:
            raise InputError(f"root: {self.root!r} should name a count, as in 'shapes:4000'")
        return SceneClips(int(count), seed=self.seed, **vars(self.clip))

    def setup(self, stage: str) -> None:
        """Opens the data, and encodes it if latents are to come from memory."""
        if self._clips is not None:
            return
        clips = self.open()
        if self.cached_windows:
            assert self.trainer is not None
            autoencoder = cast(VideoAutoencoder, self.trainer.lightning_module.autoencoder)
            clips = encode_clips(clips, autoencoder, self.cached_windows, self.num_workers)
        self._clips = clips

    def train_dataloader(self) -> DataLoader[Any]:
        """Starts at the position that the trainer's step has reached."""
        trainer = self.trainer
        assert trainer is not None
        assert self._clips is not None
        batches = trainer.global_step * trainer.accumulate_grad_batches
        first = batches * self.batch_size * trainer.world_size + trainer.global_rank
        workers = 0 if self.cached_windows else self.num_workers
        return DataLoader(
            ClipStream(self._clips, self.seed),
            batch_size=self.batch_size,
            sampler=Positions(first, trainer.world_size),
            num_workers=workers,
            persistent_workers=workers > 0,
        )
