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
from hdvg.shapes.scene import SceneSpec, sample_scene, stock_caption

# What the web does to a dataset builder. From "letterboxed" on it is trouble that a build has to
# survive with the video kept; the others end as failures.
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
    "subtitled",
    "duplicate",
)
_RATES = (24, 25, 30)
_HD_SCENES = (2, 5)
_SCENE_S = (2.0, 3.0)
_WEB_SCENE_S = (3.0, 4.0)
_FADE_PROB, _DISSOLVE_PROB = 0.2, 0.15
_ASPECT = Fraction(16, 9)
# WebVid's previews are 596x336; the "small" trouble has a third of the corpus' height.
_WEB_SIZE = (336, 596)
_SMALL_DIVISOR = 3
# Part, trouble and number among its like.
_Kind = tuple[str, str, int]
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
        transitions: For each boundary between scenes "cut", "fade" (through black) or "dissolve".
        title: Title on the watch page.
        description: Description on the watch page.
        copy_of: Which video it shows again, encoded anew, where the trouble is "duplicate".
    """

    video_id: str
    part: str
    trouble: str
    height: int
    width: int
    fps: int
    scenes: tuple[SceneSpec, ...]
    transitions: tuple[str, ...]
    title: str
    description: str
    copy_of: str = ""

    def num_frames(self, scene: int) -> int:
        """Frames of one scene on the nominal clock."""
        return round(self.scenes[scene].duration_s * self.fps)


def plan_corpus(config: CorpusConfig) -> list[VideoPlan]:
    """Plans every video of a corpus, in the order of its ids."""
    kinds: list[_Kind] = [("hd", "", index) for index in range(config.num_videos)]
    kinds += [("web", "", index) for index in range(config.num_web_videos)]
    if config.troubles:
        troubles = [t for t in TROUBLES if t != "duplicate" or config.num_videos]
        kinds += [("hd", trouble, 0) for trouble in troubles]
    order = np.random.default_rng(config.seed).permutation(len(kinds)).tolist()
    ids = {kinds[kind]: f"v{position:04d}" for position, kind in enumerate(order)}
    return [_plan_video(kinds[kind], ids, config) for kind in order]


def width_for(height: int) -> int:
    """The 16:9 width, rounded up to 16 pixels: 1280 for 720, 352 for 192."""
    return math.ceil(height * _ASPECT / 16) * 16


def _plan_video(kind: _Kind, ids: dict[_Kind, str], config: CorpusConfig) -> VideoPlan:
    part, trouble, index = kind
    video_id = ids[kind]
    # A copy is planned as the video that it copies is: the first sound one.
    stream = "hd" if trouble == "duplicate" else trouble or part
    rng = np.random.default_rng([config.seed, _STREAMS.index(stream), index])
    fps = int(rng.choice(_RATES))
    height, width = _size(part, trouble, config.height)
    num_scenes = 1 if part == "web" else int(rng.integers(_HD_SCENES[0], _HD_SCENES[1] + 1))
    length = _WEB_SCENE_S if part == "web" else _SCENE_S
    scenes: list[SceneSpec] = []
    for _ in range(num_scenes):
        frames = round(rng.uniform(*length) * fps)
        last = scenes[-1].background.colour if scenes else None
        scenes.append(sample_scene(rng, frames / fps, avoid_background=last))
    transitions = tuple(_pick_transition(rng.random()) for _ in pairwise(scenes))
    text = stock_caption(scenes[0]) if part == "web" else f"A film of {num_scenes} scenes."
    return VideoPlan(
        video_id=video_id,
        part=part,
        trouble=trouble,
        height=height,
        width=width,
        fps=fps,
        scenes=tuple(scenes),
        transitions=transitions,
        title=f"Stock footage {video_id}" if part == "web" else f"Shapes in motion {video_id}",
        description=text,
        copy_of=ids["hd", "", 0] if trouble == "duplicate" else "",
    )


def _pick_transition(draw: float) -> str:
    if draw < _FADE_PROB:
        return "fade"
    return "dissolve" if draw < _FADE_PROB + _DISSOLVE_PROB else "cut"


def _size(part: str, trouble: str, height: int) -> tuple[int, int]:
    if part == "web":
        return _WEB_SIZE
    if trouble == "small":
        small = height // _SMALL_DIVISOR // 2 * 2
        return small, width_for(small)
    if trouble == "vertical":
        return width_for(height), height
    return height, width_for(height)
