"""Clips rendered on the fly from `hdvg.shapes`, with the items of `hdvg.ClipDataset`.

They train the shipped models and let `vfmodel fit` run where there is no dataset yet. Layout of
every array here: [T, 3, H, W]; RGB; uint8 in 0..255.
"""

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from hdvg.errors import InputError
from hdvg.shapes.overlay import stamp_watermark
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import (
    SceneSpec,
    caption,
    sample_scene,
    shows_held_out,
    still_caption,
    stock_caption,
)

# Scenes of the shapes corpus last this long; a clip is a part of one.
SCENE_RANGE_S = (2.0, 3.0)
# Part of the clean clips whose caption is a captioner's, which sees one frame and no motion. With
# all of them, motion would be named by stock footage only, and its watermark be part of "moving".
_STILL_CAPTION_PROB = 0.25


class SceneKind(StrEnum):
    """Which scenes are shown; the value is how a training source names it, as in `shapes:400`."""

    CLEAN = "shapes"
    """The HD-VG-like part: no watermark, and a captioner's captions among others."""
    MOVING = "moving_shapes"
    """Of the clean part, scenes of one object that moves or grows, always captioned in full: those
    from which motion is learnt soonest."""
    STOCK = "stock_shapes"
    """The WebVid-like part: watermarked, and captioned as stock footage."""


def parse_scenes(root: str) -> tuple[SceneKind, int] | None:
    """The kind and number of scenes that a training source names, None if it names a dataset.

    Raises:
        InputError: What follows the colon is not a positive number.
    """
    kind, colon, count = root.partition(":")
    if not colon or kind not in set(SceneKind):
        return None
    if not count.isdecimal() or int(count) < 1:
        raise InputError(f"root: {root!r} should name a count, as in '{kind}:4000'")
    return SceneKind(kind), int(count)


class SceneClips(Dataset[dict[str, Any]]):
    """`num_clips` random scenes; clip `index` is a pure function of (seed, epoch, index).

    The scene of an index never changes; the part of it that is shown changes with the epoch.
    Combinations that `hdvg.shapes.scene.is_held_out` names are never shown.
    """

    def __init__(
        self,
        num_clips: int,
        *,
        num_frames: int,
        fps: float,
        height: int,
        width: int,
        seed: int = 0,
        kind: SceneKind = SceneKind.CLEAN,
    ) -> None:
        """Describes the clips; nothing is rendered yet.

        Args:
            num_clips: How many scenes there are.
            num_frames: Frames in a clip.
            fps: Frames per second.
            height: In pixels.
            width: In pixels.
            seed: Of the scenes.
            kind: Which scenes are shown.

        Raises:
            InputError: `num_clips` is not positive.
        """
        if num_clips < 1:
            raise InputError(f"the number of scenes must be positive, got {num_clips}")
        self.num_clips = num_clips
        self.num_frames = num_frames
        self.fps = fps
        self.size = (height, width)
        self.seed = seed
        self.kind = kind
        self.epoch = 0

    def __len__(self) -> int:
        """The number of clips."""
        return self.num_clips

    def set_epoch(self, epoch: int) -> None:
        """Chooses which parts of the scenes are shown."""
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The item of `hdvg.ClipDataset`: video, caption, clip_id, fps."""
        if not 0 <= index < self.num_clips:
            raise IndexError(index)
        scene, text = self._scene(index)
        start_rng = np.random.default_rng((self.seed, index, self.epoch))
        span_s = (self.num_frames - 1) / self.fps
        start_s = start_rng.uniform(0.0, max(0.0, scene.duration_s - span_s))
        times_s = [start_s + frame / self.fps for frame in range(self.num_frames)]
        frames = render_frames(scene, times_s, *self.size)
        if self.kind is SceneKind.STOCK:
            for frame in frames:
                stamp_watermark(frame)
        return {
            "video": np.ascontiguousarray(frames.transpose(0, 3, 1, 2)),
            "caption": text,
            "clip_id": f"{self.kind}-{self.seed}-{index}",
            "fps": self.fps,
        }

    def _scene(self, index: int) -> tuple[SceneSpec, str]:
        """A scene of this index, and its caption."""
        rng = np.random.default_rng((self.seed, index))
        scene = sample_scene(rng, float(rng.uniform(*SCENE_RANGE_S)))
        while shows_held_out(scene) or (self.kind is SceneKind.MOVING and not _moves_alone(scene)):
            scene = sample_scene(rng, scene.duration_s)
        if self.kind is SceneKind.STOCK:
            return scene, stock_caption(scene)
        is_still = self.kind is SceneKind.CLEAN and rng.random() < _STILL_CAPTION_PROB
        return scene, (still_caption if is_still else caption)(scene)


def _moves_alone(scene: SceneSpec) -> bool:
    return [thing.motion != "staying still" for thing in scene.objects] == [True]


def random_frames(
    seed: int, count: int, height: int, width: int, num_stock: int = 0
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Single frames of `count` different scenes, [count, 3, height, width], with captions.

    The last `num_stock` of them are stock footage.
    """
    size: dict[str, Any] = {"num_frames": 1, "fps": 8.0, "height": height, "width": width}
    clean = SceneClips(count, **size, seed=seed)
    stock = SceneClips(count, **size, seed=seed, kind=SceneKind.STOCK)
    items = [(stock if count - i <= num_stock else clean)[i] for i in range(count)]
    return np.concatenate([item["video"] for item in items]), [item["caption"] for item in items]


def recoloured_frames(
    seed: int, count: int, height: int, width: int, num_stock: int = 0
) -> npt.NDArray[np.uint8]:
    """As `random_frames`, a third of them with permuted or inverted colour channels.

    The corpus has 8 object and 6 background colours; an autoencoder should know more than those.
    """
    frames, _ = random_frames(seed, count, height, width, num_stock)
    rng = np.random.default_rng((seed, count))
    for frame in frames[: count // 3]:
        frame[...] = frame[rng.permutation(3)]
        if rng.random() < 0.5:
            frame[...] = 255 - frame
    return frames
