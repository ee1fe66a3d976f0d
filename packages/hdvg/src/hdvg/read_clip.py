"""Reads one clip of a dataset, by its row of the clips table."""

from collections.abc import Mapping, Sequence
from typing import Any

from hdvg.decoding.backend import FASTEST, read_frames
from hdvg.shards import read_member
from hdvg.storage import Storage
from hdvg.video import Box, UInt8Video


def clip_bytes(storage: Storage, row: Mapping[str, Any]) -> bytes:
    """A clip's file as it lies in the shard, checked against its digest.

    Raises:
        MissingFileError: There is no such shard.
        DamagedFileError: It is too short, or its bytes are not the ones recorded.
    """
    names = ("shard", "offset", "nbytes", "sha256")
    return read_member(storage, **{name: row[name] for name in names})


def decode_clip(
    content: bytes,
    row: Mapping[str, Any],
    times_s: Sequence[float],
    width: int,
    height: int,
    backend: str = FASTEST,
) -> UInt8Video:
    """The frames of a clip that are on screen at some times, without black bars.

    Args:
        content: The clip's file.
        row: The clip's, of the clips table.
        times_s: Ascending times in seconds from the clip's first frame; past its end is the last
            one.
        width: Of the result in pixels; what does not fit the aspect ratio is cropped centrally.
        height: Of the result in pixels.
        backend: As `choose_backend` settled it.

    Returns:
        RGB [len(times_s), 3, height, width].

    Raises:
        InputError: Nothing can be decoded.
    """
    return read_frames(backend, content, times_s, width, height, _box(row))


def _box(row: Mapping[str, Any]) -> Box | None:
    """The picture inside the clip's black bars."""
    if row["crop_x"] is None:
        return None
    return row["crop_x"], row["crop_y"], row["crop_width"], row["crop_height"]
