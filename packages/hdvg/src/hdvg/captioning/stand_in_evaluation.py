"""How often a captioner says of a rendered keyframe exactly what is in it."""

import io
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from hdvg.captioning.captioner import Captioner
from hdvg.captioning.stand_in_pictures import draw_picture
from hdvg.catalogue import Catalogue
from hdvg.shapes.scene import MOTIONS

# Rows of a dataset's keyframes.
_HEIGHT = 384
# Training seeds begin with its own small seed; this one is nobody else's.
_HELD_OUT_SEED = 2**31


@dataclass(frozen=True, kw_only=True)
class ExactMatch:
    """Counts of an evaluation.

    Attributes:
        num_right: Captions that are the truth, word for word.
        num_pictures: Captions.
        captions_per_s: Speed of the captioner alone.
        wrong: Some (truth, said) pairs.
    """

    num_right: int
    num_pictures: int
    captions_per_s: float
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def rate(self) -> float:
        """Share of exact captions in [0, 1]."""
        return self.num_right / max(1, self.num_pictures)


def match_rendered(captioner: Captioner, num_pictures: int, batch_size: int = 16) -> ExactMatch:
    """Captions keyframes that no training has seen: random scenes, bars, watermarks, JPEG."""
    rng = np.random.default_rng(_HELD_OUT_SEED)
    # The grid is for truths that are not asked for here.
    pictures = [draw_picture(rng, _HEIGHT, 1, pair_prob=0.0) for _ in range(num_pictures)]
    said: list[str] = []
    started_s = time.monotonic()
    for start in range(0, num_pictures, batch_size):
        batch = pictures[start : start + batch_size]
        said += captioner.caption([Image.open(io.BytesIO(p.jpeg)).convert("RGB") for p in batch])
    elapsed_s = time.monotonic() - started_s
    pairs = zip((picture.caption for picture in pictures), said, strict=True)
    return _count(pairs, num_pictures / elapsed_s)


def match_dataset(catalogue: Catalogue, family: str) -> ExactMatch:
    """Compares a family of a dataset built from the shapes corpus with its alt text.

    The alt text says all that is in a scene; without its motion it is the truth of a still.
    """
    truth = {row["clip_id"]: row["text"] for row in _rows(catalogue, "alt_text")}
    rows = [row for row in _rows(catalogue, family) if row["clip_id"] in truth]
    pairs = [(without_motion(truth[row["clip_id"]]), row["text"]) for row in rows]
    return _count(pairs, 0.0)


def without_motion(caption: str) -> str:
    """A caption of the shapes corpus without the words for motion."""
    for motion in MOTIONS:
        caption = caption.replace(f" {motion}", "")
    return caption


def _rows(catalogue: Catalogue, family: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = catalogue.family("captions", family).to_pylist()
    return rows


def _count(pairs: Iterable[tuple[str, str]], captions_per_s: float) -> ExactMatch:
    found = list(pairs)
    wrong = [pair for pair in found if pair[0] != pair[1]]
    return ExactMatch(
        num_right=len(found) - len(wrong),
        num_pictures=len(found),
        captions_per_s=captions_per_s,
        wrong=tuple(wrong[:5]),
    )
