"""The keyframes of a committed unit: read from its tars, and decoded if they can be."""

import io

from PIL import Image, UnidentifiedImageError

from hdvg.commits import Commit
from hdvg.shards import read_members
from hdvg.storage import Storage

# What Pillow raises for a file that is damaged, is no JPEG, or claims absurd sizes.
UNREADABLE = (UnidentifiedImageError, OSError, Image.DecompressionBombError)


def read_keyframes(storage: Storage, build: Commit) -> dict[str, bytes]:
    """Every keyframe of a unit, JPEG, by clip id.

    Args:
        storage: The dataset.
        build: The build's commit of the unit.
    """
    frames: dict[str, bytes] = {}
    for record in build.files:
        if record.name.startswith("keyframes/"):
            frames |= read_members(storage, record.name)
    return {name.removesuffix(".jpg"): frame for name, frame in frames.items()}


def decode_keyframe(jpeg: bytes, mode: str = "RGB") -> Image.Image | None:
    """The picture in one of Pillow's modes; None if it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            return image.convert(mode)
    except UNREADABLE:
        return None
