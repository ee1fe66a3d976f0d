"""Plans a corpus of rendered videos from a seed: what each shows and what is wrong with it.

Nothing is drawn here. A plan is a pure function of its config, and one video's plan does not
depend on how many others there are.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from hdvg.errors import InputError
from hdvg.shapes.scene import SceneSpec, caption, sample_scene

# What the web does to a dataset builder. The last three are trouble that a build has to survive
# with the video kept; the others end as failures.
TROUBLES = (
    "missing",
    "truncated",
    "not_video",
    "vertical",
    "small",
    "static",
    "letterboxed",
    "watermarked",
    "vfr",
)
_RATES = (24, 25, 30)
_HD_SCENES = (2, 5)
_SCENE_S = (2.0, 3.0)
_WEB_SCENE_S = (3.0, 4.0)
_FADE_PROB = 0.2
_ASPECT = Fraction(16, 9)
# WebVid's previews are 596x336; the "small" trouble has a third of the corpus' height.
_WEB_SIZE = (336, 596)
_SMALL_DIVISOR = 3
# Stable numbers for the random streams: the order of this tuple is part of the format.
_STREAMS = ("hd", "web", *TROUBLES)


@dataclass(frozen=True, kw_only=True)
class CorpusConfig:
    """Size and contents of a corpus."""

    num_videos: int = 24
    """Sound videos of several scenes each, the HD-VG-like part."""
    num_web_videos: int = 8
    """Single-scene, low-resolution, watermarked videos with alt text, the WebVid-like part."""
    troubles: bool = True
    """Whether one video of each kind in `TROUBLES` is added."""
    height: int = 720
    """Height in pixels of the several-scene videos; widths follow from 16:9."""
    seed: int = 0
    """Seed of everything in the corpus."""

    def __post_init__(self) -> None:
        if self.num_videos < 0 or self.num_web_videos < 0:
            raise InputError(
                f"a corpus cannot have {self.num_videos} videos and {self.num_web_videos} web ones"
            )
        if self.num_videos + self.num_web_videos == 0 and not self.troubles:
            raise InputError("the corpus is empty: num_videos and num_web_videos are 0")
        if not 64 <= self.height <= 2160 or self.height % 2:
            raise InputError(f"corpus height must be even and in 64..2160, got {self.height}")
        if self.seed < 0:
            raise InputError(f"corpus seed must not be negative, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class VideoPlan:
    """One video to be rendered.

    Attributes:
        video_id: Name in the corpus; it says nothing of what is in the video.
        part: "hd" or "web".
        trouble: One of `TROUBLES`, or "" for a sound video.
        height: Height in pixels.
        width: Width in pixels.
        fps: Frames per second; the nominal rate where the trouble is "vfr".
        scenes: What is shown; durations are whole numbers of frames.
        fades: For each boundary between scenes, whether it fades through black.
        title: Title on the watch page.
        description: Description on the watch page.
    """

    video_id: str
    part: str
    trouble: str
    height: int
    width: int
    fps: int
    scenes: tuple[SceneSpec, ...]
    fades: tuple[bool, ...]
    title: str
    description: str

    def num_frames(self, scene: int) -> int:
        """Frames of one scene on the nominal clock."""
        return round(self.scenes[scene].duration_s * self.fps)


def plan_corpus(config: CorpusConfig) -> list[VideoPlan]:
    """Plans every video of a corpus, in the order of its ids."""
    kinds: list[tuple[str, str, int]] = [("hd", "", index) for index in range(config.num_videos)]
    kinds += [("web", "", index) for index in range(config.num_web_videos)]
    if config.troubles:
        kinds += [("hd", trouble, 0) for trouble in TROUBLES]
    order = np.random.default_rng(config.seed).permutation(len(kinds))
    return [
        _plan_video(f"v{position:04d}", kinds[kind], config)
        for position, kind in enumerate(order.tolist())
    ]


def width_for(height: int) -> int:
    """The 16:9 width, rounded up to 16 pixels: 1280 for 720, 352 for 192."""
    return math.ceil(height * _ASPECT / 16) * 16


def _plan_video(video_id: str, kind: tuple[str, str, int], config: CorpusConfig) -> VideoPlan:
    part, trouble, index = kind
    rng = np.random.default_rng([config.seed, _STREAMS.index(trouble or part), index])
    fps = int(rng.choice(_RATES))
    height, width = _size(part, trouble, config.height)
    num_scenes = 1 if part == "web" else int(rng.integers(_HD_SCENES[0], _HD_SCENES[1] + 1))
    length = _WEB_SCENE_S if part == "web" else _SCENE_S
    scenes: list[SceneSpec] = []
    for _ in range(num_scenes):
        frames = round(rng.uniform(*length) * fps)
        last = scenes[-1].background.colour if scenes else None
        scenes.append(sample_scene(rng, frames / fps, avoid_background=last))
    fades = tuple(bool(rng.random() < _FADE_PROB) for _ in pairwise(scenes))
    text = caption(scenes[0]) if part == "web" else f"A film of {num_scenes} scenes."
    return VideoPlan(
        video_id=video_id,
        part=part,
        trouble=trouble,
        height=height,
        width=width,
        fps=fps,
        scenes=tuple(scenes),
        fades=fades,
        title=f"Stock footage {video_id}" if part == "web" else f"Shapes in motion {video_id}",
        description=text,
    )


def _size(part: str, trouble: str, height: int) -> tuple[int, int]:
    if part == "web":
        return _WEB_SIZE
    if trouble == "small":
        small = height // _SMALL_DIVISOR // 2 * 2
        return small, width_for(small)
    if trouble == "vertical":
        return width_for(height), height
    return height, width_for(height)
