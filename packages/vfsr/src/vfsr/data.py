"""Training pairs: random crops of a dataset's frames, and their degraded versions.

The unit of work is a group: one clip is opened, a few of its frames are decoded, and several crops
are cut from them, since decoding costs far more than cropping. Group number k is a pure function of
(seed, k), so a run that resumes at step s reads exactly the groups that it would have read.

Shape letters used in this file: N crops, S side of a crop in pixels, s = S / scale.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, UInt8
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from hdvg.errors import InputError
from hdvg.reader import ClipDataset
from vfsr.degradation.mixture import DegradationShare, check_mixture, sample_mixture
from vfsr.degradation.replay import hold_over_clip
from vfsr.degradation.second_order import Reconstruct, degrade
from vfsr.degradation.sharpen import sharpen

Pairs = dict[str, Tensor]
"""`lr` [N, 3, s, s], `hr` [N, 3, S, S]: RGB, 0..255; uint8, because workers send them over. With
views of moving crops also `motion` int16 [N / 2, 2], of which vfsr/consistency.py tells."""

# One video in eight is kept back to measure on.
_HELD_OUT_SHARE = 8
_VALIDATION_GROUPS = 8
_ORDER_STREAM, _CROP_STREAM = 0, 1


@dataclass(frozen=True, kw_only=True)
class CropConfig:
    """What is cut from a clip and what is done to it."""

    height: int = 384
    """Frames are brought to this height in pixels before crops are cut: the height that the
    upscaler is to produce."""
    width: int = 704
    """And to this width."""
    crop: int = 128
    """Side of a clean crop in pixels, a multiple of the degradation's scale."""
    crops_per_clip: int = 8
    """Pairs made from each clip that is opened."""
    frames_per_clip: int = 2
    """Frames decoded for them."""
    motion_px: int = 0
    """Every second crop is the one before, moved by up to so many clean pixels each way and with
    noise of its own, as `model.consistency_weight` needs it; 0 cuts every crop anew."""
    seed: int = 0
    """Decides clips, frames, crops and degradations."""
    degradations: tuple[DegradationShare, ...] = ()
    """What is done to a clean crop: one of these, by their weights. None is Real-ESRGAN x4plus."""
    sharpen: bool = False
    """Whether clean crops are sharpened first, small ones made of that, as Real-ESRGAN does."""

    def __post_init__(self) -> None:
        """Checks the sizes."""
        for name in ("crops_per_clip", "frames_per_clip"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        check_mixture(self.mixture)
        scale = self.mixture[0].config().scale
        if self.crop % scale or not 0 < self.crop <= min(self.height, self.width):
            raise InputError(
                f"crop must be a multiple of the scale {scale} and fit into "
                f"{self.width}x{self.height}, got {self.crop}"
            )
        if not 0 <= self.motion_px <= self.crop // 2:
            raise InputError(f"motion_px must lie in 0..crop / 2, got {self.motion_px}")
        if self.motion_px and self.crops_per_clip % 2:
            raise InputError(
                f"with motion_px crops_per_clip must be even, got {self.crops_per_clip}"
            )

    @property
    def mixture(self) -> tuple[DegradationShare, ...]:
        """What `degradations` means; as a default it could not be written to config.yaml."""
        return self.degradations or (DegradationShare(),)


class CropGroups(Dataset[Pairs]):
    """Group k: the pairs from one clip; k may be any number from 0 up."""

    def __init__(
        self,
        clips: ClipDataset,
        rows: npt.NDArray[np.int64],
        config: CropConfig,
        reconstruct: Reconstruct | None = None,
    ) -> None:
        """Takes the clips whose row numbers are in `rows`; `reconstruct` as `degrade` takes it."""
        self.clips, self.rows, self.config = clips, rows, config
        self.reconstruct = reconstruct

    def __getitem__(self, k: int) -> Pairs:
        config = self.config
        rng = np.random.default_rng([config.seed, _CROP_STREAM, k])
        pictures = self._frames(self._clip_of(k), rng)
        if not config.motion_px:
            cuts = [self._cut(pictures, i, rng) for i in range(config.crops_per_clip)]
            return self._degraded(cuts, 1, rng)
        count = config.crops_per_clip // 2
        views = [self._cut_moving(pictures, i, rng) for i in range(count)]
        motion = torch.tensor([step for _, step in views], dtype=torch.int16)
        pairs = self._degraded([view for two, _ in views for view in two], 2, rng)
        return pairs | {"motion": motion}

    def _degraded(
        self, cuts: list[npt.NDArray[np.uint8]], alike: int, rng: np.random.Generator
    ) -> Pairs:
        """The pairs of these crops; each `alike` neighbours differ in their noise alone."""
        config = self.config
        hr = torch.from_numpy(np.stack(cuts)).float() / 255
        if config.sharpen:
            hr = (sharpen(hr) * 255).round() / 255
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        params = sample_mixture(generator, len(hr) // alike, config.mixture)
        if alike > 1:
            params = hold_over_clip(params, alike)
        lr = degrade(hr, params, reconstruct=self.reconstruct)
        return {"lr": _as_bytes(lr), "hr": _as_bytes(hr)}

    def _clip_of(self, k: int) -> int:
        """Every clip once an epoch, in an order of the epoch's own."""
        epoch, place = divmod(k, len(self.rows))
        order = np.random.default_rng([self.config.seed, _ORDER_STREAM, epoch])
        return int(self.rows[order.permutation(len(self.rows))[place]])

    def _frames(self, clip: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        columns = self.clips.rows
        duration_s = columns["end_s"][clip].as_py() - columns["start_s"][clip].as_py()
        times_s = sorted(rng.uniform(0.0, duration_s, self.config.frames_per_clip).tolist())
        return self.clips.frames(clip, times_s, self.config.width, self.config.height)

    def _cut(
        self, pictures: npt.NDArray[np.uint8], i: int, rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        picture = pictures[i % len(pictures)]
        size = self.config.crop
        top = rng.integers(picture.shape[1] - size + 1)
        left = rng.integers(picture.shape[2] - size + 1)
        cut = picture[:, top : top + size, left : left + size]
        return cut[:, :, ::-1].copy() if rng.random() < 0.5 else cut

    def _cut_moving(
        self, pictures: npt.NDArray[np.uint8], i: int, rng: np.random.Generator
    ) -> tuple[list[npt.NDArray[np.uint8]], tuple[int, int]]:
        """Two views of a picture and how far, down and right, the second lies from the first."""
        picture, size = pictures[i % len(pictures)], self.config.crop
        room = [side - size for side in picture.shape[1:]]
        steps = [min(self.config.motion_px, free) for free in room]
        down, right = (int(rng.integers(-step, step + 1)) for step in steps)
        top = int(rng.integers(max(0, -down), room[0] - max(0, down) + 1))
        left = int(rng.integers(max(0, -right), room[1] - max(0, right) + 1))
        corners = (top, left), (top + down, left + right)
        return [picture[:, y : y + size, x : x + size] for y, x in corners], (down, right)


def _as_bytes(frames: Float[Tensor, "N 3 _ _"]) -> UInt8[Tensor, "N 3 _ _"]:
    return (frames * 255).round().to(torch.uint8)


class StepBatches(Sampler[list[int]]):
    """The group numbers of each step from `first_step` on, without end.

    Step s of a run with W processes takes groups (s W + rank) G .. (s W + rank) G + G - 1.
    """

    def __init__(self, groups: int, first_step: int, rank: int, world_size: int) -> None:
        self.groups, self.first_step = groups, first_step
        self.rank, self.world_size = rank, world_size

    def __iter__(self) -> Iterator[list[int]]:
        step = self.first_step
        while True:
            start = (step * self.world_size + self.rank) * self.groups
            yield list(range(start, start + self.groups))
            step += 1


class CropDataModule(LightningDataModule):
    """Pairs for training and, from videos kept back, for measuring."""

    def __init__(
        self,
        root: str,
        *,
        crops: CropConfig = CropConfig(),
        batch_size: int = 16,
        num_workers: int = 1,
        select: str | None = None,
    ) -> None:
        """Checks the sizes; nothing is opened yet.

        Args:
            root: Dataset folder or fsspec URL.
            crops: How pairs are made.
            batch_size: Pairs in a step and process, a multiple of crops.crops_per_clip.
            num_workers: Processes that make pairs.
            select: Name of a selection of the dataset, or an expression; None takes every clip.
        """
        super().__init__()
        if batch_size < 1 or batch_size % crops.crops_per_clip:
            raise InputError(
                f"batch_size {batch_size} must be a multiple of crops_per_clip "
                f"{crops.crops_per_clip}"
            )
        self.root, self.crops = root, crops
        self.groups = batch_size // crops.crops_per_clip
        self.num_workers = num_workers
        self.select = select
        # Handed over by a pipeline, since a model is not something that a YAML can say.
        self.reconstruct: Reconstruct | None = None

    def setup(self, stage: str) -> None:
        """Opens the dataset and keeps some of its videos back."""
        mixture = self.crops.mixture
        if any(s.config().reconstruct_prob for s in mixture) and self.reconstruct is None:
            raise InputError(
                "a degradation's reconstruct_prob is above 0, but no model was handed over; "
                "use python -m pipelines.train_upscaler --through <model folder>"
            )
        clips = ClipDataset(
            self.root, num_frames=1, captions=None, min_duration_s=0.0, select=self.select
        )
        training, held_out = split_rows(clips.rows["video_id"].to_pylist())
        self.training = CropGroups(clips, training, self.crops, self.reconstruct)
        self.held_out = CropGroups(clips, held_out, self.crops, self.reconstruct)

    def train_dataloader(self) -> "DataLoader[Pairs]":
        """An endless loader that begins at the trainer's current step."""
        trainer = self.trainer
        rank, world_size, step = 0, 1, 0
        if trainer is not None:
            rank, world_size = trainer.global_rank, trainer.world_size
            step = trainer.global_step * trainer.accumulate_grad_batches
        batches = StepBatches(self.groups, step, rank, world_size)
        return DataLoader(
            self.training,
            batch_sampler=batches,
            num_workers=self.num_workers,
            collate_fn=join,
            persistent_workers=self.num_workers > 0,
        )

    def val_dataloader(self) -> "DataLoader[Pairs]":
        """The same few groups of the videos kept back; nothing when there is but one video."""
        count = _VALIDATION_GROUPS if len(self.held_out.rows) else 0
        batches = [[k] for k in range(count)]
        return DataLoader(self.held_out, batch_sampler=batches, collate_fn=join)


def join(groups: list[Pairs]) -> Pairs:
    """One batch of several groups."""
    return {name: torch.cat([group[name] for group in groups]) for name in groups[0]}


def split_rows(
    video_ids: list[str],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row numbers for training and for measuring, such that no video is in both.

    By a digest of the video's id, so that a video stays where it is when a dataset grows. A single
    video is used for training; two or more give at least one to each.
    """
    videos = sorted(set(video_ids), key=lambda name: hashlib.sha256(name.encode()).digest())
    held_out = set(videos[: max(1, len(videos) // _HELD_OUT_SHARE)] if len(videos) > 1 else [])
    is_held_out = np.array([name in held_out for name in video_ids], dtype=bool)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
