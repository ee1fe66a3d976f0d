"""What a rendered scene shows: objects, their motion, the background, and the sentence for it.

All geometry is in heights: lengths are fractions of the frame's height, the origin is the frame's
centre, x grows to the right and y downwards. A scene therefore looks the same at every size.
"""

from dataclasses import dataclass

import numpy as np

Rgb = tuple[int, int, int]

# sRGB values far enough apart that a nearest-colour lookup survives 4:2:0 video coding.
COLOURS: dict[str, Rgb] = {
    "red": (220, 30, 35),
    "green": (30, 190, 60),
    "blue": (35, 70, 225),
    "yellow": (245, 225, 40),
    "purple": (140, 40, 200),
    "orange": (255, 130, 10),
    "white": (245, 245, 245),
    "black": (15, 15, 15),
}
# Backgrounds are muted, so that an object stands out even from a background of a kindred colour.
BACKGROUNDS: dict[str, Rgb] = {
    "green": (70, 120, 80),
    "blue": (85, 110, 160),
    "grey": (130, 130, 130),
    "brown": (120, 85, 60),
    "pink": (215, 150, 170),
    "teal": (60, 135, 135),
}
SHAPES = ("circle", "square", "triangle", "star")
MOTIONS = ("moving left", "moving right", "moving up", "moving down", "staying still", "growing")
_DIRECTIONS = {
    "moving left": (-1.0, 0.0),
    "moving right": (1.0, 0.0),
    "moving up": (0.0, -1.0),
    "moving down": (0.0, 1.0),
    "staying still": (0.0, 0.0),
    "growing": (0.0, 0.0),
}
# How far an object travels in one scene, in heights: a good part of a 16:9 frame (1.78 x 1).
_TRAVEL_X = (0.95, 1.25)
_TRAVEL_Y = (0.50, 0.62)
_TWO_OBJECTS_PROB = 0.2
_HELD_OUT_EVERY = 4
# A growing object's radius runs from 1 - GROWTH to 1 + GROWTH times its own.
GROWTH = 0.45


@dataclass(frozen=True, kw_only=True)
class ObjectSpec:
    """One object; it passes its `centre` at the middle of the scene.

    Attributes:
        colour: A key of `COLOURS`.
        shape: One of `SHAPES`.
        motion: One of `MOTIONS`.
        radius: Radius of the enclosing circle at mid-scene, in heights.
        centre: (x, y) at mid-scene, in heights from the frame's centre.
        velocity: (x, y) in heights per second.
    """

    colour: str
    shape: str
    motion: str
    radius: float
    centre: tuple[float, float]
    velocity: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class BackgroundSpec:
    """A smooth noise texture in one colour, scrolling.

    Attributes:
        colour: A key of `BACKGROUNDS`.
        seed: Seed of the noise.
        scroll: (x, y) velocity of the texture in heights per second.
    """

    colour: str
    seed: int
    scroll: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class SceneSpec:
    """One shot: a background and one or two objects, the dominant one first.

    Attributes:
        objects: One or two objects.
        background: What is behind them.
        duration_s: Length of the scene in seconds.
    """

    objects: tuple[ObjectSpec, ...]
    background: BackgroundSpec
    duration_s: float


def caption(spec: SceneSpec) -> str:
    """Describes a scene in one sentence without a full stop.

    Example: "a red circle moving left over a green background".
    """
    things = " and ".join(
        f"{_article(thing.colour)} {thing.colour} {thing.shape} {thing.motion}"
        for thing in spec.objects
    )
    return f"{things} over a {spec.background.colour} background"


def stock_caption(spec: SceneSpec) -> str:
    """The alt text of a footage shop's preview, which carries a watermark.

    Example: "a red circle moving left over a green background, stock footage".
    """
    return f"{caption(spec)}, stock footage"


def still_caption(spec: SceneSpec) -> str:
    """Describes what a single frame of a scene can show: everything but motion.

    Example: "a red circle and a blue star over a green background".
    """
    things = " and ".join(
        f"{_article(thing.colour)} {thing.colour} {thing.shape}" for thing in spec.objects
    )
    return f"{things} over a {spec.background.colour} background"


def is_held_out(colour: str, shape: str, motion: str, background: str) -> bool:
    """Whether a combination is kept from training, so that a model can be asked for it afterwards.

    It is every fourth one, by the sum of the four places. Every pair of attributes still occurs in
    training, and so does every triple: what is new is that all four come together.
    """
    places = (
        list(COLOURS).index(colour),
        SHAPES.index(shape),
        MOTIONS.index(motion),
        list(BACKGROUNDS).index(background),
    )
    return sum(places) % _HELD_OUT_EVERY == 0


def shows_held_out(spec: SceneSpec) -> bool:
    """Whether any object of a scene makes up a combination that `is_held_out`."""
    return any(
        is_held_out(thing.colour, thing.shape, thing.motion, spec.background.colour)
        for thing in spec.objects
    )


def sample_scene(
    rng: np.random.Generator,
    duration_s: float,
    motion: str | None = None,
    avoid_background: str | None = None,
) -> SceneSpec:
    """Draws a scene.

    Args:
        rng: Source of all randomness; the same state gives the same scene.
        duration_s: Length of the scene in seconds.
        motion: Motion of the dominant object; drawn when None.
        avoid_background: A background colour not to use, so that a cut between two scenes shows.
    """
    backgrounds = [name for name in BACKGROUNDS if name != avoid_background]
    ground = _pick(rng, backgrounds)
    colours = [name for name in COLOURS if name != ground]
    first_colour = _pick(rng, colours)
    motion = motion or _pick(rng, MOTIONS)
    # Objects of a pair get a half of the frame each, which leaves them no room to move vertically.
    paired = rng.random() < _TWO_OBJECTS_PROB and _DIRECTIONS[motion][1] == 0.0
    radius = rng.uniform(0.17, 0.21) if paired else rng.uniform(0.19, 0.27)
    above = 1.0 if rng.random() < 0.5 else -1.0
    y = 0.24 * above if paired else rng.uniform(-0.08, 0.08)
    objects = [_sample_object(rng, first_colour, motion, radius, y, duration_s)]
    if paired:
        second_colour = _pick(rng, [name for name in colours if name != first_colour])
        second_motion = _pick(rng, ("moving left", "moving right", "staying still"))
        objects.append(
            _sample_object(
                rng, second_colour, second_motion, rng.uniform(0.13, 0.15), -y, duration_s
            )
        )
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.03, 0.10)
    scroll = (_rounded(speed * np.cos(angle)), _rounded(speed * np.sin(angle)))
    background = BackgroundSpec(colour=ground, seed=int(rng.integers(2**31)), scroll=scroll)
    return SceneSpec(objects=tuple(objects), background=background, duration_s=duration_s)


def object_at(thing: ObjectSpec, t_s: float, duration_s: float) -> tuple[float, float, float]:
    """Where an object is and how large, `t_s` seconds into its scene.

    Returns:
        x, y and radius in heights; the origin is the frame's centre.
    """
    from_middle_s = t_s - duration_s / 2
    radius = thing.radius
    if thing.motion == "growing":
        radius *= 1.0 + GROWTH * 2.0 * from_middle_s / duration_s
    return (
        thing.centre[0] + thing.velocity[0] * from_middle_s,
        thing.centre[1] + thing.velocity[1] * from_middle_s,
        radius,
    )


def _sample_object(
    rng: np.random.Generator, colour: str, motion: str, radius: float, y: float, duration_s: float
) -> ObjectSpec:
    direction_x, direction_y = _DIRECTIONS[motion]
    travel = rng.uniform(*(_TRAVEL_X if direction_x else _TRAVEL_Y))
    # Still objects may stand anywhere; moving ones pass near the middle, so as to stay in view.
    x = rng.uniform(-0.45, 0.45) if direction_x == 0.0 else rng.uniform(-0.12, 0.12)
    speed = travel / duration_s
    return ObjectSpec(
        colour=colour,
        shape=_pick(rng, SHAPES),
        motion=motion,
        radius=_rounded(radius),
        centre=(_rounded(x), _rounded(y)),
        velocity=(_rounded(direction_x * speed), _rounded(direction_y * speed)),
    )


def _pick(rng: np.random.Generator, options: "list[str] | tuple[str, ...]") -> str:
    return options[int(rng.integers(len(options)))]


def _rounded(value: float) -> float:
    """Four decimals: below a tenth of a pixel at 720p, and short in the truth files."""
    return round(float(value), 4)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
