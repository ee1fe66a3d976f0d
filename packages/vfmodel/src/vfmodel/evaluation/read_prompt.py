"""Reads a sentence of the shapes corpus back into what it asks for."""

import re
from dataclasses import dataclass

from hdvg.errors import InputError
from hdvg.shapes.scene import BACKGROUNDS, COLOURS, MOTIONS, SHAPES, is_held_out


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a prompt with one object asks for, in the words of `hdvg.shapes.scene`."""

    colour: str
    """A key of `COLOURS`."""
    shape: str
    """One of `SHAPES`."""
    motion: str
    """One of `MOTIONS`."""
    background: str
    """A key of `BACKGROUNDS`."""
    stock: bool
    """Whether stock footage is asked for, which carries a watermark."""

    @property
    def attributes(self) -> dict[str, str]:
        """Colour, shape, motion and background by name."""
        names = ("colour", "shape", "motion", "background")
        return {name: getattr(self, name) for name in names}

    @property
    def unseen(self) -> bool:
        """Whether the combination was held out of training."""
        return is_held_out(**self.attributes)


_SENTENCE = re.compile(
    rf"an? (?P<colour>{'|'.join(COLOURS)}) (?P<shape>{'|'.join(SHAPES)})"
    rf" (?P<motion>{'|'.join(MOTIONS)}) over a (?P<background>{'|'.join(BACKGROUNDS)}) background"
    r"(?P<stock>, stock footage)?"
)


def read_prompt(text: str) -> Asked:
    """What a sentence such as "a red circle moving left over a green background" asks for.

    Raises:
        InputError: It is no sentence of the corpus with one object and its motion.
    """
    match = _SENTENCE.fullmatch(text.strip())
    if match is None:
        raise InputError(f"no prompt of the shapes corpus with one moving object: {text!r}")
    words = match.groupdict()
    stock = words.pop("stock") is not None
    return Asked(**words, stock=stock)
