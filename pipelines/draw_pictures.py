"""What the shipped upscaler's training clips show: two pictures each.

Every other clip shows dead leaves, for what a film may hold; with one in four of them the upscaler
took a film's frames for coarse ones, and was worse than bicubic on good footage. The rest show
scenes of the shapes corpus, one in four of those with the watermark of stock footage, for that is
what the video model draws. With films one clip in four shows two frames of a film instead.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from hdvg.errors import InputError
from hdvg.shapes.overlay import stamp_watermark
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import sample_scene
from hdvg.video import UInt8Video, frames_at
from vfsr.dead_leaves import render_dead_leaves

HEIGHT, WIDTH, FRAMES = 384, 704, 2
_LEAVES_EVERY, _FILM_EVERY = 2, 4
_FILM_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm")
_WATERMARK_PROB = 0.25


def find_films(folder: Path) -> list[Path]:
    """The films in a folder; InputError if there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in _FILM_SUFFIXES)
    if not found:
        raise InputError(f"no film ({', '.join(_FILM_SUFFIXES)}) in {folder}")
    return found


def draw_pictures(clips: int, films: list[Path]) -> Iterator[UInt8Video]:
    """Each clip's pictures [2, HEIGHT, WIDTH, 3], the same for the same number of a clip."""
    for seed in range(clips):
        rng = np.random.default_rng([2024, seed])
        if seed % _LEAVES_EVERY == 0:
            yield np.stack([render_dead_leaves(rng, HEIGHT, WIDTH) for _ in range(FRAMES)])
        elif films and seed % _FILM_EVERY == 1:
            yield _film_frames(rng, films[seed // _FILM_EVERY % len(films)])
        else:
            times_s = rng.uniform(0, 2, FRAMES).tolist()
            pictures = render_frames(sample_scene(rng, 2.0), times_s, HEIGHT, WIDTH)
            if rng.random() < _WATERMARK_PROB:
                for picture in pictures:
                    stamp_watermark(picture)
            yield pictures


def _film_frames(rng: np.random.Generator, film: Path) -> UInt8Video:
    with av.open(str(film)) as container:
        duration_s = (container.duration or 0) / av.time_base
    times_s = sorted(rng.uniform(0, duration_s, FRAMES).tolist())
    return frames_at(film, times_s, WIDTH, HEIGHT).transpose(0, 2, 3, 1)
