"""The clips of a folder of generated videos, one for each sample of a protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.plan_samples import Sample
from vfmodel.evaluation.protocol import FrameRule
from vfmodel.evaluation.real_set.listed_videos import index_files
from vfmodel.evaluation.real_set.read_window import read_window
from vfmodel.evaluation.real_set.real_clips import Clip

_SUFFIXES = (".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v")


@dataclass(frozen=True, kw_only=True)
class GeneratedClips:
    """What a folder holds of what a protocol asks for.

    Attributes:
        clips: Those that are there, in the protocol's order.
        missing: Names of samples without a video.
        strangers: Videos in the folder that no sample asks for.
    """

    clips: tuple[Clip, ...]
    missing: tuple[str, ...]
    strangers: int


def find_generated(
    folder: str | Path, samples: Sequence[Sample], rule: FrameRule
) -> GeneratedClips:
    """Finds the samples' videos by their files' names, in subfolders too.

    Args:
        folder: Where they lie, whoever made them.
        samples: What is asked for; empty takes every video that is there, without a prompt.
        rule: Of a generated video the first frames count, as they come, at any rate.

    Raises:
        InputError: No such folder, or not one of the videos in it.
    """
    if not Path(folder).is_dir():
        raise InputError(f"no folder of videos: {folder}")
    files = index_files(Path(folder), _SUFFIXES)
    asked = samples or [Sample(name=name, prompt="", seed=0) for name in sorted(files)]
    first = replace(rule, fps=None, stride=1, window="first")
    clips = [
        Clip(name=s.name, prompt=s.prompt, read=partial(_read, files[s.name], first))
        for s in asked
        if s.name in files
    ]
    if not clips:
        raise InputError(
            f"none of the {len(asked)} videos is in {folder}, such as {asked[0].name}.mp4"
            if asked
            else f"no video in {folder}"
        )
    return GeneratedClips(
        clips=tuple(clips),
        missing=tuple(s.name for s in asked if s.name not in files),
        strangers=len(files) - len(clips),
    )


def _read(path: Path, rule: FrameRule) -> UInt8[Tensor, "T 3 H W"]:
    return read_window(path, rule, 0, "")[0]
