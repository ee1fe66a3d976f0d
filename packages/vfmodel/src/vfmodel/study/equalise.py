"""Brings videos of different models to one size, rate and length."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av
import numpy as np

from hdvg.errors import InputError
from hdvg.video import UInt8Video, decode, frame_time_s, frames_at, write_video

# Two videos stand side by side on a page of 1200 px, so more lines would be scaled away.
_MAX_HEIGHT = 512
# Above it a repeated frame is off by less than 17 ms, which is one refresh of a screen.
_MAX_FPS = 30
_MIN_FRAMES = 2
# Any constant time will do: it says nothing about the order in which files were made.
_TIME_OF_ALL_FILES_S = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """What a video is, by its decoded frames.

    Attributes:
        width: In pixels.
        height: In pixels.
        fps: Mean frames per second.
        duration_s: Seconds that all frames together are on screen.
    """

    width: int
    height: int
    fps: float
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class EqualFormat:
    """What all videos of a study are made to be.

    Attributes:
        width: In pixels, even.
        height: In pixels, even.
        fps: Frames per second.
    """

    width: int
    height: int
    fps: float


def measure_video(path: Path) -> VideoFacts:
    """Decodes a whole video, so that one that breaks off is found before anybody watches it.

    Raises:
        InputError: Not a video, damaged, or fewer than two frames.
    """
    times, size = [], (0, 0)
    try:
        for frame in decode(path):
            times.append(frame_time_s(frame))
            size = (frame.width, frame.height)
    except av.FFmpegError as error:
        raise InputError(f"damaged video: {path} ({error})") from error
    if len(times) < _MIN_FRAMES or times[-1] <= times[0]:
        raise InputError(f"a video needs two frames or more: {path} has {len(times)}")
    fps = (len(times) - 1) / (times[-1] - times[0])
    return VideoFacts(width=size[0], height=size[1], fps=fps, duration_s=len(times) / fps)


def choose_format(models: Iterable[Iterable[VideoFacts]]) -> EqualFormat:
    """The format that takes least from any model.

    Height is the tallest model's (512 at most): to shrink a sharp video to a small one's size would
    hide what was to be compared. Width is the narrowest picture's at that height, so that wide
    ones lose their sides and nobody gets black bars, which would tell models apart. The rate is the
    least common multiple of all rates where that is 30 or less, so that every frame is held equally
    long, and else 30.

    Args:
        models: The facts of the videos of each model; at least one video each.
    """
    height, aspect, rate = 0, math.inf, 1
    for videos in (list(facts) for facts in models):
        height = max(height, round(median(facts.height for facts in videos)))
        aspect = min(aspect, median(facts.width / facts.height for facts in videos))
        rate = math.lcm(rate, max(1, round(median(facts.fps for facts in videos))))
    height = _even(min(height, _MAX_HEIGHT))
    return EqualFormat(
        width=_even(height * aspect), height=height, fps=float(rate if rate <= _MAX_FPS else 30)
    )


def share_cropped(facts: VideoFacts, form: EqualFormat) -> float:
    """The part of a picture that the study's format cuts off, in [0, 1)."""
    aspect, wanted = facts.width / facts.height, form.width / form.height
    return 1 - min(aspect, wanted) / max(aspect, wanted)


def read_equal(path: Path, form: EqualFormat, duration_s: float) -> UInt8Video:
    """A video's beginning in the study's format, RGB uint8 [T, 3, height, width].

    Raises:
        InputError: No frame can be decoded.
    """
    count = max(_MIN_FRAMES, int(duration_s * form.fps + 1e-6))
    # The middle of each frame's time: at its edge rounding would decide which frame is shown.
    times_s = [(index + 0.5) / form.fps for index in range(count)]
    return frames_at(path, times_s, form.width, form.height)


def write_equal(path: Path, frames: UInt8Video, fps: float) -> None:
    """Writes a video that carries nothing but its pictures; its file time is that of all others."""
    write_video(path, frames, fps)
    os.utime(path, (_TIME_OF_ALL_FILES_S, _TIME_OF_ALL_FILES_S))


def damage(frames: UInt8Video, seed: int) -> UInt8Video:
    """Makes a video so bad that nobody who looks can prefer it: large blocks and noise.

    Args:
        frames: RGB uint8 [T, 3, H, W].
        seed: Of the noise.

    Returns:
        The same shape.
    """
    _, _, height, width = frames.shape
    block = max(2, height // 8)
    rows = np.minimum(np.arange(height) // block * block + block // 2, height - 1)
    columns = np.minimum(np.arange(width) // block * block + block // 2, width - 1)
    blocks = frames[:, :, rows][:, :, :, columns].astype(np.int16)
    noise = np.random.default_rng(seed).integers(-90, 91, frames.shape[::3], np.int16)
    noisy = blocks + noise[:, None, None, :].repeat(height, 2)
    damaged: UInt8Video = np.clip(noisy, 0, 255).astype(np.uint8)
    return damaged


def _even(size: int | float) -> int:
    return max(2, 2 * round(size / 2))
