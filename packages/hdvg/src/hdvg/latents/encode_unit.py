"""Encodes the clips of one committed unit to latents, and commits them."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import numpy as np

from hdvg.commit_family import commit_family, inputs_of, next_stem
from hdvg.commits import BUILD, Commit, read_commit
from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentSettings, count_frames, latent_stage
from hdvg.latents.latent_shard import Latents, add_latents
from hdvg.make_unit import AbandonedError
from hdvg.manifest import read_table
from hdvg.read_clip import clip_bytes, decode_clip
from hdvg.shards import TarWriter
from hdvg.storage import DamagedFileError, Storage
from hdvg.video import UInt8Video

Row = dict[str, Any]

# Frames that are decoded at a time, 25 MB at 344x192: a clip may last for minutes.
_PIECE_FRAMES = 128
# Pieces that are decoded while the encoder works on another, each in a thread.
_AHEAD = 4


class FrameEncoder(Protocol):
    """What makes latents; frame by frame, so that a window of a clip needs no other frames."""

    def encode(self, frames: UInt8Video) -> Latents:
        """RGB [T, 3, H, W] in 0..255 to float32 [T, C, h, w]."""
        ...


class _Bad(NamedTuple):
    """Why a clip has no latents."""

    reason: str


_Decoded = tuple[Row, "Future[UInt8Video | _Bad]"]


def encode_unit(
    storage: Storage,
    unit: str,
    family: str,
    settings: LatentSettings,
    encoder: FrameEncoder,
    wanted: Callable[[], bool] = lambda: True,
) -> dict[str, Any]:
    """Writes the latents of a unit's clips and commits.

    A clip that is damaged or cannot be decoded has no row; so has one whose latents are not finite.
    A shard that is missing, or a store that does not answer, is not the clip's fault.

    Args:
        storage: The dataset.
        unit: A unit that the build has committed.
        family: Where the latents go.
        settings: Of the family; the encoder gives such latents.
        encoder: Who makes them.
        wanted: Asked before anything appears: whether the run that asked for this is there.

    Returns:
        "encoded", a count of clips, and "bad", a reason for each of the others.

    Raises:
        AbandonedError: Nobody wants the unit any more; nothing of it is left.
        InputError: The unit cannot be read or written.
    """
    started_s = time.monotonic()
    build = read_commit(storage, BUILD, unit)
    inputs = inputs_of(build, "clips/")
    clips = [row for name in inputs for row in read_table(storage, "clips", name).to_pylist()]
    stage = latent_stage(family)
    shard = f"latents/{family}/{next_stem(storage, stage, unit)}.tar"
    rows: list[Row] = []
    bad: list[str] = []
    with (
        storage.writing(shard) as file,
        TarWriter(file) as tar,
        ThreadPoolExecutor(_AHEAD) as pool,
    ):
        decoded = _decode_ahead(storage, clips, settings, pool)
        for clip_id, pieces in groupby(decoded, key=lambda piece: piece[0]["clip_id"]):
            latents = _encode(pieces, encoder)
            if isinstance(latents, _Bad):
                bad.append(f"clip {clip_id}: {latents.reason}")
                continue
            try:
                rows.append(add_latents(tar, shard, clip_id, latents, settings))
            except InputError as error:
                bad.append(str(error))
        if not wanted():
            raise AbandonedError(unit)
    commit = Commit(
        stage=stage,
        unit=unit,
        files=(file.record,),
        rows={},
        settings=settings.as_commit(),
        inputs=inputs,
        timings={"wall_s": round(time.monotonic() - started_s, 3)},
    )
    commit_family(storage, "latents", family, rows, commit)
    return {"encoded": len(rows), "bad": bad}


def _encode(pieces: Iterator[_Decoded], encoder: FrameEncoder) -> Latents | _Bad:
    """The latents of one clip."""
    parts = []
    for _, future in pieces:
        frames = future.result()
        if isinstance(frames, _Bad):
            return frames
        parts.append(encoder.encode(frames))
    return np.concatenate(parts)


def _decode_ahead(
    storage: Storage, clips: Sequence[Row], settings: LatentSettings, pool: ThreadPoolExecutor
) -> Iterator[_Decoded]:
    """The frames of all clips in pieces and in order, some of them decoded before they are due."""
    ahead: deque[_Decoded] = deque()
    for row in clips:
        count = count_frames(row["end_s"] - row["start_s"], settings.fps)
        times_s = [number / settings.fps for number in range(count)]
        for start in range(0, count, _PIECE_FRAMES):
            part = times_s[start : start + _PIECE_FRAMES]
            ahead.append((row, pool.submit(_decode, storage, row, part, settings)))
            if len(ahead) > _AHEAD:
                yield ahead.popleft()
    yield from ahead


def _decode(
    storage: Storage, row: Row, times_s: Sequence[float], settings: LatentSettings
) -> UInt8Video | _Bad:
    try:
        content = clip_bytes(storage, row)
    except DamagedFileError as error:
        return _Bad(str(error))
    try:
        return decode_clip(content, row, times_s, settings.width, settings.height)
    except InputError as error:
        return _Bad(str(error))
