"""Prompts of the shapes corpus with one object each: seen in training, or held out of it."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from hdvg.shapes.overlay import stamp_watermark
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import (
    BACKGROUNDS,
    COLOURS,
    MOTIONS,
    SHAPES,
    SceneSpec,
    caption,
    is_held_out,
    sample_scene,
    stock_caption,
)
from vfmodel.scene_clips import SCENE_RANGE_S

# Colour, shape, motion, background.
Names = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class ShapesPrompt:
    """What is asked for, and the scene that one would be shown for it.

    Attributes:
        scene: Its one object and its background carry the four attributes.
        start_s: Where in the scene the clip begins.
        stock: Whether stock footage is asked for, which carries a watermark.
    """

    scene: SceneSpec
    start_s: float
    stock: bool

    @property
    def text(self) -> str:
        """The sentence."""
        return stock_caption(self.scene) if self.stock else caption(self.scene)

    @property
    def attributes(self) -> dict[str, str]:
        """Colour, shape, motion and background by name."""
        [thing] = self.scene.objects
        return {
            "colour": thing.colour,
            "shape": thing.shape,
            "motion": thing.motion,
            "background": self.scene.background.colour,
        }

    @property
    def unseen(self) -> bool:
        """Whether the combination was held out of training."""
        return is_held_out(**self.attributes)

    def render(
        self, num_frames: int, fps: float, height: int, width: int
    ) -> UInt8[Tensor, "T 3 H W"]:
        """The clip as the corpus would show it, RGB."""
        times_s = [self.start_s + frame / fps for frame in range(num_frames)]
        frames = render_frames(self.scene, times_s, height, width)
        if self.stock:
            for frame in frames:
                stamp_watermark(frame)
        return torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))


def draw_prompts(
    num_prompts: int, seed: int, clip_s: float, *, stock: bool = False
) -> list[ShapesPrompt]:
    """Draws prompts, every second one unseen, each attribute's values equally often.

    Args:
        num_prompts: How many.
        seed: The same seed gives the same prompts.
        clip_s: From the first to the last frame of a clip, in seconds; at most 2.
        stock: Whether stock footage is asked for.

    Raises:
        InputError: There are not so many combinations.
    """
    rng = np.random.default_rng((seed, stock))
    combinations = [
        names
        for names in product(COLOURS, SHAPES, MOTIONS, BACKGROUNDS)
        if names[0] != names[3]  # a green thing on green is never drawn
    ]
    drawn: list[list[Names]] = []
    for unseen, count in ((False, (num_prompts + 1) // 2), (True, num_prompts // 2)):
        pool = [names for names in combinations if is_held_out(*names) == unseen]
        if not 0 <= count <= len(pool) or num_prompts < 1:
            raise InputError(f"num_prompts must be in 1..{2 * len(pool)}, got {num_prompts}")
        drawn.append(_draw_evenly(rng, pool, count))
    in_turn = [drawn[index % 2][index // 2] for index in range(num_prompts)]
    return [_prompt(rng, names, clip_s, stock) for names in in_turn]


def _draw_evenly(rng: np.random.Generator, pool: list[Names], count: int) -> list[Names]:
    """Takes, one after another, what has the values that were taken least often so far."""
    pool = [pool[index] for index in rng.permutation(len(pool))]
    taken: Counter[tuple[int, str]] = Counter()
    drawn = []
    for _ in range(count):
        rarest = min(pool, key=lambda names: sum(taken[pair] for pair in enumerate(names)))
        pool.remove(rarest)
        taken.update(enumerate(rarest))
        drawn.append(rarest)
    return drawn


def _prompt(rng: np.random.Generator, names: Names, clip_s: float, stock: bool) -> ShapesPrompt:
    colour, shape, motion, background = names
    duration_s = float(rng.uniform(*SCENE_RANGE_S))
    scene = sample_scene(rng, duration_s, motion)
    while len(scene.objects) > 1:
        scene = sample_scene(rng, duration_s, motion)
    thing = replace(scene.objects[0], colour=colour, shape=shape)
    ground = replace(scene.background, colour=background)
    return ShapesPrompt(
        scene=replace(scene, objects=(thing,), background=ground),
        start_s=float(rng.uniform(0.0, duration_s - clip_s)),
        stock=stock,
    )
