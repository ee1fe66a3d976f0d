"""Latents in tars: one NPY file a clip, frame after frame, so that a window is one range of bytes.

Shape letters: T frames, C channels, h and w latent height and width.
"""

import io
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentSettings
from hdvg.shards import TarWriter
from hdvg.storage import DamagedFileError, Storage

Row = dict[str, Any]
# [T, C, h, w], about unit variance.
Latents = npt.NDArray[np.float32]


def add_latents(
    tar: TarWriter, shard: str, clip_id: str, latents: Latents, settings: LatentSettings
) -> Row:
    """Appends the latents of a clip to a tar.

    Args:
        tar: Being written.
        shard: Its name in the dataset.
        clip_id: The clip.
        latents: [T, C, h, w].
        settings: Of the family; its shapes are those of `latents`.

    Returns:
        The clip's row of the table `latents`.

    Raises:
        InputError: Numbers that are not finite, or too large for the dtype.
    """
    assert latents.shape[1:] == settings.frame_shape, (latents.shape, settings)
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(latents, settings.stored_as)
    if not np.isfinite(stored).all():
        raise InputError(f"latents of {clip_id} are not finite as {settings.dtype}")
    file = io.BytesIO()
    np.lib.format.write_array(file, stored, version=(1, 0), allow_pickle=False)
    member = tar.add(f"{clip_id}.npy", file.getvalue())
    return {
        "clip_id": clip_id,
        "num_frames": len(stored),
        "shard": shard,
        "offset": member.offset,
        "nbytes": member.nbytes,
        "frame_crc32": [zlib.crc32(frame.tobytes()) for frame in stored],
    }


def read_latents(
    storage: Storage, row: Mapping[str, Any], numbers: Sequence[int], settings: LatentSettings
) -> Latents:
    """Some frames of a clip's latents, by one read.

    Args:
        storage: The dataset.
        row: The clip's, of the table `latents`.
        numbers: Frames, ascending, 0 .. num_frames - 1.
        settings: Of the family.

    Returns:
        float32 [len(numbers), C, h, w].

    Raises:
        MissingFileError: There is no such shard.
        DamagedFileError: It is too short, or its bytes are not those that were written.
    """
    first, last, size = numbers[0], numbers[-1], settings.frame_nbytes
    assert 0 <= first <= last < row["num_frames"], (numbers, row)
    # The array is the end of its file, so nobody has to read the header.
    start = row["offset"] + row["nbytes"] - (row["num_frames"] - first) * size
    content = storage.read_range(row["shard"], start, (last - first + 1) * size)
    frames = [content[(k - first) * size : (k - first + 1) * size] for k in numbers]
    for number, frame in zip(numbers, frames, strict=True):
        if zlib.crc32(frame) != row["frame_crc32"][number]:
            raise DamagedFileError(
                f"latents of the clip {row['clip_id']} cannot be read: frame {number} in"
                f" {storage.root}/{row['shard']} does not match its CRC-32"
            )
    stored = np.frombuffer(b"".join(frames), settings.stored_as)
    return stored.reshape(len(numbers), *settings.frame_shape).astype(np.float32)
