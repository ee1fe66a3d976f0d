"""The frames of one clip of a video, chosen as a protocol says."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from hdvg.video import decode, frame_time_s, frames_at, open_media
from vfmodel.evaluation.protocol import FrameRule

# A time falls behind its frame's start by rounding; no film has 1,000 frames a second.
_AFTER_S = 5e-4


def read_window(
    path: str | Path, rule: FrameRule, seed: int, name: str
) -> tuple[UInt8[Tensor, "T 3 H W"], float]:
    """Reads a clip in the file's own size.

    Args:
        path: The video.
        rule: How many frames, how far apart, and where in the video.
        seed: With the name it decides where a random window lies.
        name: The video's name, the same wherever its file lies.

    Returns:
        The frames, and how many a second they are.

    Raises:
        InputError: Not a video, or too short for a clip.
    """
    times_s, height, width = _list_times(path)
    wanted = choose_times(times_s, rule, _draw(seed, name))
    frames = frames_at(path, [time + _AFTER_S for time in wanted], width, height)
    rate = rule.fps or _mean_rate(times_s) / rule.stride
    return torch.from_numpy(frames), rate


def choose_times(times_s: Sequence[float], rule: FrameRule, draw: float) -> list[float]:
    """When a clip's frames are on screen, in seconds from the first frame.

    Args:
        times_s: When each of the video's frames appears, ascending from 0.
        rule: As in `read_window`.
        draw: In [0, 1), where a random window lies between the first and the last place.

    Raises:
        InputError: The video is too short.
    """
    place = {"first": 0.0, "centre": 0.5, "random": draw}[rule.window]
    if rule.fps is not None:
        span_s = (rule.num_frames - 1) / rule.fps
        spare_s = times_s[-1] - span_s
        if spare_s < -_AFTER_S:
            raise InputError(f"too short: {times_s[-1]:.2f} s to the last frame, not {span_s:.2f}")
        start_s = max(0.0, spare_s) * place
        return [start_s + frame / rule.fps for frame in range(rule.num_frames)]
    span = (rule.num_frames - 1) * rule.stride + 1
    spare = len(times_s) - span
    if spare < 0:
        raise InputError(f"too short: {len(times_s)} frames, not {span}")
    # A draw chooses evenly among spare + 1 places; the centre is one of them.
    first = int(draw * (spare + 1)) if rule.window == "random" else int(spare * place)
    return [times_s[first + frame * rule.stride] for frame in range(rule.num_frames)]


def _list_times(path: str | Path) -> tuple[list[float], int, int]:
    """Times of all frames from the first one, by packets; height and width."""
    with open_media(path) as container:
        stream = container.streams.video[0]
        base, size = stream.time_base, (stream.height, stream.width)
        stamps = [
            packet.pts
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None and not packet.is_discard
        ]
    if base is not None and len(set(stamps)) == len(stamps) > 0:
        times_s = sorted(float(stamp * base) for stamp in stamps)
    else:  # AVI files with packed frames have none
        times_s = sorted(frame_time_s(frame) for frame in decode(path))
    if not times_s:
        raise InputError("no frame can be decoded")
    return [time_s - times_s[0] for time_s in times_s], *size


def _mean_rate(times_s: Sequence[float]) -> float:
    return (len(times_s) - 1) / times_s[-1] if len(times_s) > 1 else 1.0


def _draw(seed: int, name: str) -> float:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return float(np.random.default_rng(int.from_bytes(digest[:8], "big")).random())
