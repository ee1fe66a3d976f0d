"""Training data: batches from one dataset or from several jointly.

The order of the clips is a pure function of the seed (`batch_order.py`, `clip_stream.py`), so a run
that resumes starts where it stopped without replaying anything.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from lightning.pytorch import LightningDataModule

from hdvg import ClipDataset
from hdvg.errors import InputError
from hdvg.latents.latent_dataset import LatentDataset
from hdvg.latents.latent_settings import LatentFamily
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.batch_order import BatchOrder, Bucket, Team
from vfmodel.choose_latents import AUTO, list_families
from vfmodel.clip_source import ClipSource
from vfmodel.clip_stream import ClipStream, Mixture
from vfmodel.latent_clips import LatentClips, encode_clips
from vfmodel.scene_clips import SceneClips, parse_scenes
from vfmodel.sound_clips import Skipped, SoundClips, collate
from vfmodel.timed_loader import TimedLoader

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClipConfig:
    """Length, rate and size of the training clips; the defaults are the mini model's."""

    num_frames: int = 8
    """Frames in a clip; 1 is a still image, which trains the spatial half alone."""
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


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """A dataset that is trained on jointly with the main one, or another view of the same."""

    root: str
    """As `data.root`."""
    weight: float = 1.0
    """How often a clip comes from here; the main dataset's weight is 1. Among sources of different
    shape it counts optimiser steps."""
    captions: str | dict[str, float] = "alt_text"
    """As `data.captions`."""
    select: str | None = None
    """As `data.select`."""
    latents: str | None = AUTO
    """As `data.latents`."""
    clip: ClipConfig | None = None
    """A shape of its own, such as single frames or upright clips; null for that of `data.clip`."""
    batch_size: int | None = None
    """Clips in a batch, on each process; null for `data.batch_size`."""

    @property
    def is_rendered(self) -> bool:
        """Whether it is scenes rendered on the fly."""
        return parse_scenes(self.root) is not None

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise InputError(f"weight of {self.root} must be positive, got {self.weight}")
        if self.batch_size is not None and self.batch_size < 1:
            raise InputError(f"batch_size must be >= 1, got {self.batch_size}")


torch.serialization.add_safe_globals([ClipConfig, SourceConfig])


@dataclass(eq=False)
class ClipDataModule(LightningDataModule):
    """Training batches from dataset folders, or from scenes rendered on the fly.

    A batch holds `caption` and `clip_id` (lists of B), `fps` [B], either `video`, uint8
    [B, T, 3, H, W], or `latents`, float [B, C, T, h, w], and `skipped`, the clips that could not be
    read and gave way to others (`sound_clips.py`).
    """

    root: str = "data/mini"
    """A dataset folder or URL; or scenes rendered on the fly, n of them: `shapes:<n>`,
    `moving_shapes:<n>` with one object each, which moves, or `stock_shapes:<n>` with a watermark
    and captioned as stock footage."""
    clip: ClipConfig = ClipConfig()
    """Length, rate and size of the clips."""
    batch_size: int = 4
    """Clips in a batch, on each process."""
    num_workers: int = 1
    """Loader processes; 0 reads in the training process."""
    seed: int = 0
    """Decides the order of the clips, their time windows and captions."""
    captions: str | dict[str, float] = "alt_text"
    """Caption family of the dataset, or several families with the probability of each."""
    select: str | None = None
    """Name of a selection of the dataset, or an expression; None takes every clip."""
    latents: str | None = AUTO
    """Latents of the dataset (`vfmodel latents`) that are read instead of its pixels: the name of a
    family, or `auto` for any that has this run's autoencoder, size and rate; None for pixels.
    Windows of latents begin at frames that were encoded, those of pixels anywhere."""
    cached_windows: int = 0
    """If positive, every clip is encoded once in this many time windows and training takes its
    latents from memory; 0 reads and encodes at every step."""
    joined: Sequence[SourceConfig] = ()
    """Datasets that are trained on jointly with `root`."""
    max_broken: float = 0.05
    """Share of the clips that may be unreadable; others are shown in their place, and each is named
    once. Above it the run stops; 0 stops at the first. Chosen here: single shards rot, but with one
    clip in twenty gone it is no longer the dataset that was meant."""

    def __post_init__(self) -> None:
        super().__init__()
        for name, value, least in (
            ("batch_size", self.batch_size, 1),
            ("num_workers", self.num_workers, 0),
            ("seed", self.seed, 0),
            ("cached_windows", self.cached_windows, 0),
        ):
            if value < least:
                raise InputError(f"{name} must be >= {least}, got {value}")
        if not 0 <= self.max_broken < 1:
            raise InputError(f"max_broken must be in [0, 1), got {self.max_broken}")
        self._clips: list[ClipSource] = []

    @property
    def sources(self) -> list[SourceConfig]:
        """The main dataset and those that join it."""
        main = SourceConfig(
            root=self.root, captions=self.captions, select=self.select, latents=self.latents
        )
        return [main, *self.joined]

    @property
    def shapes(self) -> list[tuple[ClipConfig, int]]:
        """Shape of the clips and size of the batches, of each source."""
        return [
            (source.clip or self.clip, source.batch_size or self.batch_size)
            for source in self.sources
        ]

    @property
    def buckets(self) -> list[Bucket]:
        """The sources by shape, in the order in which shapes are first named."""
        shapes = self.shapes
        found = []
        for shape in dict.fromkeys(shapes):
            members = tuple(i for i, own in enumerate(shapes) if own == shape)
            weights = tuple(self.sources[i].weight for i in members)
            found.append(Bucket(batch_size=shape[1], sources=members, weights=weights))
        return found

    def open(self, autoencoder: VideoAutoencoder | None = None) -> list[ClipSource]:
        """Opens every source.

        Args:
            autoencoder: Whose latents may be read; None opens all sources as pixels.

        Raises:
            InputError: Not a dataset folder, `shapes:` with something else than a count, or latents
                that are asked for and not there, or do not fit.
        """
        families: list[LatentFamily | None] = [None] * len(self.sources)
        if autoencoder is not None:
            families = list_families(self, autoencoder)
        opened = zip(self.sources, self.shapes, families, strict=True)
        return [self._open(source, clip, family) for source, (clip, _), family in opened]

    def setup(self, stage: str) -> None:
        """Opens the data, and encodes it if latents are to come from memory."""
        if self._clips:
            return
        assert self.trainer is not None
        autoencoder = cast(VideoAutoencoder, self.trainer.lightning_module.autoencoder)
        clips = self.open(autoencoder)
        if self.trainer.is_global_zero:
            _describe(clips)
        if self.cached_windows:
            # In the precision in which training would encode them at every step otherwise.
            with self.trainer.precision_plugin.forward_context():
                clips = [
                    one
                    if isinstance(one, LatentDataset)
                    else encode_clips(
                        SoundClips(one, self.seed, i),
                        autoencoder,
                        self.cached_windows,
                        self.num_workers,
                    )
                    for i, one in enumerate(clips)
                ]
        self._clips = clips

    def read_before_training(self) -> tuple[int, list[Skipped]]:
        """How many clips were read to cache their latents, and which of them could not be."""
        cached = [clips for clips in self._clips if isinstance(clips, LatentClips)]
        skipped = [one for clips in cached for window in clips.windows for one in window.skipped]
        num_items = sum(len(clips) * len(clips.windows) for clips in cached)
        return num_items + len(skipped), skipped

    def train_dataloader(self) -> TimedLoader:
        """Starts at the step that the trainer has reached."""
        trainer = self.trainer
        assert trainer is not None
        assert self._clips
        team = Team(
            rank=trainer.global_rank,
            world_size=trainer.world_size,
            accumulate=trainer.accumulate_grad_batches,
        )
        workers = 0 if self.cached_windows else self.num_workers
        # Each source has an order of its own, the first one that of the seed itself.
        streams = [
            ClipStream(SoundClips(clips, self.seed, i), self.seed + i)
            for i, clips in enumerate(self._clips)
        ]
        return TimedLoader(
            Mixture(streams),
            batch_sampler=BatchOrder(self.buckets, team, trainer.global_step),
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=collate,
        )

    def _open(
        self, source: SourceConfig, clip: ClipConfig, family: LatentFamily | None
    ) -> ClipSource:
        scenes = parse_scenes(source.root)
        if scenes is not None:
            kind, count = scenes
            return SceneClips(count, seed=self.seed, kind=kind, **vars(clip))
        clips = ClipDataset(
            source.root,
            captions=source.captions,
            seed=self.seed,
            select=source.select,
            max_broken=self.max_broken,
            grid_fps=None if family is None else family.settings.fps,
            **vars(clip),
        )
        return clips if family is None else LatentDataset(clips, family.name)


def _describe(clips: list[ClipSource]) -> None:
    """Says what is read as latents, and which units of which datasets are left out."""
    for one in clips:
        dataset = one
        if isinstance(one, LatentDataset):
            dataset = one.clips
            LOG.info(
                "%s: latents %r of %d clips; %d have none",
                dataset.root,
                one.family,
                len(one),
                one.num_left_out,
            )
        if isinstance(dataset, ClipDataset):
            for unit, damage in dataset.damage.items():
                LOG.warning("left out unit %s of %s: %s", unit, dataset.root, damage)
