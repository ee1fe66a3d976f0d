"""Upscales a film file as a stream: a few frames in memory, everything else about the film kept.

Kept: the number of frames and each one's timestamp (variable rates too), every packet of sound and
subtitles bit for bit, colour tags, bits a sample, transparency, rotation, pixel shape, chapters,
titles. What is done lies in `<target>.partial` until the result is complete.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import av
from jaxtyping import Float
from safetensors.torch import load, save
from torch import Tensor

from hdvg.errors import InputError
from vfsr.film.describe import Film, describe
from vfsr.film.encode_segments import SEGMENT_FRAMES, LargeFrame, encode_segments
from vfsr.film.encoding import EncodeConfig, Encoding, choose_encoding
from vfsr.film.join import join, rehearse
from vfsr.film.other_streams import choose_streams
from vfsr.film.overlap import ahead, behind
from vfsr.film.packet_log import PacketLog
from vfsr.film.read_frames import Damage, TimedFrame, read_frames
from vfsr.frame_levels import from_network, to_network
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.rcan import RCAN
from vfsr.upscale_clip import open_model
from vfsr.weights import ModelSource

AnyPath = str | os.PathLike[str]
Existing = Literal["refuse", "resume", "overwrite"]
"""What to do about a result that is there, or is half done: nothing and say so, keep it or go on
with it, or begin again."""
OnFrame = Callable[[int, int | None], None]
"""Told after each frame how many are done and how many there may be."""

# Frames that wait between reading, upscaling and encoding; enough of them to bridge the end of a
# segment, where the encoder empties itself.
_WAITING_BYTES = 2**28
_MOST_WAITING = 16


@dataclass(frozen=True)
class FilmResult:
    """What became of a film.

    Attributes:
        frames: How many the result has; 0 if it was not made now.
        was_there: Whether it was complete before, and was left alone.
        damaged: Packets that did not decode; they are not in the result.
        notes: A line for everything else that is not as in the source.
    """

    frames: int
    was_there: bool = False
    damaged: int = 0
    notes: tuple[str, ...] = ()


def upscale_file(
    source: AnyPath,
    target: AnyPath,
    *,
    model: RCAN | ModelSource | None = None,
    device: str | None = None,
    upscaling: UpscalingConfig = UpscalingConfig(),
    encode: EncodeConfig = EncodeConfig(),
    existing: Existing = "refuse",
    on_frame: OnFrame = lambda done, total: None,
) -> FilmResult:
    """Writes `source`, its frames upscaled, to `target`.

    If it is interrupted or killed, or the disk is full, finished segments stay in
    `<target>.partial`, and the same call with `existing="resume"` goes on after them; its result is
    that of a call that was not interrupted.

    Args:
        source: A video file.
        target: .mp4, .m4v, .mov or .mkv; its folder is made. Matroska rounds timestamps to 1 ms.
        model: As in `vfsr.upscale`.
        device: As in `vfsr.upscale`.
        upscaling: How frames are upscaled.
        encode: How they are encoded.
        existing: What to do if the target is there, or half of it.
        on_frame: Called after each frame.

    Raises:
        InputError: The source cannot be read, the target's container is not known or cannot hold
            the film, something is in its place, or the model cannot be opened.
        OSError: The disk is full.
    """
    source, target = Path(source), Path(target)
    if source.exists() and target.exists() and target.samefile(source):
        raise InputError(f"output would replace the input: {target}")
    film = describe(source)
    network = open_model(model, device)
    encoding = choose_encoding(film, network.config.scale, target, encode)
    if is_complete(target, existing):
        return FilmResult(frames=0, was_there=True)
    others = choose_streams(source, target)
    rehearse(encoding, source, others, target)
    damage = Damage()
    target.parent.mkdir(parents=True, exist_ok=True)
    identity = _identity(source, encoding, network, upscaling)
    with _disk_errors_named(target), _open_log(target, identity, existing) as log:
        upscaler = FrameUpscaler(network, upscaling)
        if memory := log.memory():
            upscaler.restore(load(memory))
        _upscale_into(log, source, encoding, upscaler, damage, on_frame)
        with _complete_or_absent(target) as joining:
            join(log, encoding, source, others, joining)
        count = log.num_frames
        log.discard()
    notes = (*others.notes, *_notes(film, damage))
    return FilmResult(frames=count, damaged=damage.packets, notes=notes)


def partial_path(target: Path) -> Path:
    """Where the finished segments of an unfinished film are."""
    return target.with_name(f"{target.name}.partial")


def is_complete(target: Path, existing: Existing) -> bool:
    """Whether the target is there and is to be left alone.

    Raises:
        InputError: It, or the beginning of it, is there, and nothing was said about that.
    """
    half = partial_path(target)
    if existing == "refuse" and half.exists():
        raise InputError(f"{half} is unfinished: --resume goes on, --overwrite starts again")
    if existing == "refuse" and target.exists():
        raise InputError(f"{target} exists; --overwrite replaces it")
    return existing == "resume" and target.exists() and not half.exists()


def _upscale_into(
    log: PacketLog,
    source: Path,
    encoding: Encoding,
    upscaler: FrameUpscaler,
    damage: Damage,
    on_frame: OnFrame,
) -> None:
    """Decodes ahead of the network, and encodes behind it."""
    film, scale = encoding.film, encoding.scale
    small = film.width * film.height * 6  # uint16; large ones are float32, and remembered
    done = log.num_frames
    frames = map(_with_input, read_frames(source, film, done, damage))
    write = partial(_encode, encoding=encoding, log=log)
    with (
        ahead(frames, _waiting(small)) as pending,
        behind(write, _waiting(4 * small * scale**2)) as give,
    ):
        for frame, pixels in pending:
            large = upscaler(pixels)
            give((large, frame, upscaler.state()))
            done += 1
            on_frame(done, film.num_frames)


def _waiting(frame_bytes: int) -> int:
    return max(1, min(_MOST_WAITING, _WAITING_BYTES // frame_bytes))


def _with_input(frame: TimedFrame) -> tuple[TimedFrame, Float[Tensor, "3 H W"]]:
    return frame, to_network(frame.levels)


def _encode(
    upscaled: Iterator[tuple[Float[Tensor, "3 h w"], TimedFrame, dict[str, Tensor]]],
    *,
    encoding: Encoding,
    log: PacketLog,
) -> None:
    frames = (
        LargeFrame(
            TimedFrame(from_network(large, frame.levels), frame.pts, frame.duration),
            partial(_as_bytes, state),
        )
        for large, frame, state in upscaled
    )
    encode_segments(frames, encoding, log)


def _as_bytes(state: dict[str, Tensor]) -> bytes:
    return save({name: value.contiguous() for name, value in state.items()}) if state else b""


def _identity(
    source: Path, encoding: Encoding, network: RCAN, upscaling: UpscalingConfig
) -> dict[str, object]:
    """What must be the same for work to go on."""
    weights = hashlib.sha256()
    for name, value in network.state_dict().items():
        weights.update(name.encode())
        weights.update(value.cpu().contiguous().numpy().tobytes())
    facts = source.stat()
    return {
        "source": [facts.st_size, facts.st_mtime_ns],
        "encoding": encoding.identity(),
        "model": weights.hexdigest(),
        "upscaling": asdict(upscaling),
        "segment length": SEGMENT_FRAMES,
    }


@contextmanager
def _open_log(target: Path, identity: dict[str, object], existing: Existing) -> Iterator[PacketLog]:
    """The log of finished segments, which outlives all failures but a film that is refused."""
    path = partial_path(target)
    resumes = existing == "resume" and path.exists()
    log = (PacketLog.resume if resumes else PacketLog.begin)(path, identity)
    try:
        yield log
    except InputError:
        log.discard()
        raise
    finally:
        if log.num_frames:
            log.close()
        else:
            log.discard()


@contextmanager
def _complete_or_absent(target: Path) -> Iterator[Path]:
    """A name to write to, which becomes the target's if all goes well and vanishes if not."""
    joining = target.with_name(f".{target.name}.joining{target.suffix}")
    try:
        yield joining
        with joining.open("rb") as file:
            os.fsync(file.fileno())
        joining.replace(target)
    finally:
        joining.unlink(missing_ok=True)


@contextmanager
def _disk_errors_named(target: Path) -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(error.errno, os.strerror(error.errno), str(target)) from error
        raise InputError(f"cannot write {target}: {error}") from error
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(partial_path(target))) from error


def _notes(film: Film, damage: Damage) -> Iterator[str]:
    for name in film.lost:
        yield f"left out {name}"
    if film.is_interlaced:
        yield "interlaced: each frame holds two moments, which are upscaled as one picture"
    if damage.timestamps:
        yield f"{damage.timestamps} timestamps that went backwards were moved on"
