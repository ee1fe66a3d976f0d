"""The real clips of a protocol: drawn from a dataset's videos, or rendered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.plan_samples import seed_of
from vfmodel.evaluation.protocol import Protocol
from vfmodel.evaluation.real_set.listed_videos import ListedVideos, RealVideo
from vfmodel.evaluation.real_set.read_window import read_window
from vfmodel.evaluation.shapes_prompts import draw_prompts

# The corpus has no size of its own; this is the shipped models'.
_SHAPES_SIZE = (96, 176)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip that has not been read yet.

    Attributes:
        name: Of its video.
        prompt: What it was made for; "" for a real one.
        read: Reads RGB frames in 0..255, [T, 3, H, W]; raises InputError for what is broken.
    """

    name: str
    prompt: str
    read: Callable[[], UInt8[Tensor, "T 3 H W"]]


def real_clips(protocol: Protocol, listed: ListedVideos | None) -> list[Clip]:
    """Chooses the clips that features are taken from, in the order of their names.

    Raises:
        InputError: The protocol compares with a dataset, and none was given.
    """
    if protocol.real.dataset == "shapes":
        return list(_render(protocol))
    if listed is None:
        raise InputError(
            f"{protocol.name} compares with {protocol.real.dataset}: give its folder with --real"
        )
    seed, num_clips = protocol.real.seed, protocol.real.num_clips
    # Those of the smallest digests: a larger number later adds to the same ones.
    ranked = sorted(listed.found, key=lambda video: seed_of(seed, video.name))
    chosen = sorted(ranked[:num_clips], key=lambda video: video.name)
    return [_clip_of(video, protocol) for video in chosen]


def _clip_of(video: RealVideo, protocol: Protocol) -> Clip:
    path = video.path
    assert path is not None
    return Clip(
        name=video.name,
        prompt="",
        read=lambda: read_window(path, protocol.frames, protocol.real.seed, video.name)[0],
    )


def _render(protocol: Protocol) -> Iterator[Clip]:
    frames = protocol.frames
    fps = frames.fps
    assert fps is not None, "shapes have no rate of their own"
    clip_s = (frames.num_frames - 1) / fps
    prompts = draw_prompts(protocol.real.num_clips, protocol.real.seed, clip_s)
    for number, prompt in enumerate(prompts):
        yield Clip(
            name=f"rendered_{number:04d}",
            prompt="",
            read=partial(prompt.render, frames.num_frames, fps, *_SHAPES_SIZE),
        )
