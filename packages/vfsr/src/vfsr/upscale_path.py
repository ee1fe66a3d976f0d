"""Upscales whatever a path names: a film, a picture, or a folder of them."""

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hdvg.errors import InputError
from vfsr.film.encoding import CONTAINERS, EncodeConfig
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.rcan import RCAN
from vfsr.upscale_film import Existing, OnFrame, is_complete, upscale_file
from vfsr.upscale_image import IMAGE_SUFFIXES, is_image, upscale_image

# Of films in containers that FFmpeg may open here; those not in CONTAINERS become .mkv.
_FILM_SUFFIXES = (
    *CONTAINERS,
    *(".webm", ".avi", ".flv", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".ogv", ".asf", ".wmv"),
    *(".3gp", ".3g2"),
)
Status = Literal["done", "damaged", "was there", "failed", "left out"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file."""

    source: Path
    """The file."""
    target: Path | None = None
    """Its upscaled version, if there is to be one."""
    status: Status
    """done; damaged: done but for parts that do not decode; was there: done before; failed: see
    `message`; left out: neither film nor picture."""
    frames: int = 0
    """Upscaled, over all runs."""
    damaged: int = 0
    """Packets of the source that do not decode."""
    notes: tuple[str, ...] = ()
    """What else is not as in the source."""
    message: str = ""
    """Why it failed."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """How to upscale files; the same for all of a folder."""

    network: RCAN
    """On its device."""
    upscaling: UpscalingConfig
    """Of frames."""
    encode: EncodeConfig
    """Of films."""
    existing: Existing
    """What to do about results that are there."""


def upscale_one(source: Path, target: Path, job: Job, on_frame: OnFrame) -> Outcome:
    """Upscales a film or a picture, whichever it is by its content.

    Raises:
        InputError: As `upscale_file` and `upscale_image`.
        OSError: The disk is full.
    """
    if not source.is_file():
        raise InputError(f"neither a file nor a folder: {source}")
    if is_image(source):
        return _upscale_picture(source, target, job)
    if target.suffix.lower() in IMAGE_SUFFIXES:
        raise InputError(f"{source} is no picture, so it cannot become {target}")
    result = upscale_file(
        source,
        target,
        model=job.network,
        device=str(next(job.network.parameters()).device),
        upscaling=job.upscaling,
        encode=job.encode,
        existing=job.existing,
        on_frame=on_frame,
    )
    status: Status = "was there" if result.was_there else "damaged" if result.damaged else "done"
    return Outcome(
        source=source,
        target=target,
        status=status,
        frames=result.frames,
        damaged=result.damaged,
        notes=result.notes,
    )


def plan_folder(source: Path, target: Path) -> list[tuple[Path, Path | None]]:
    """Every file of a folder and its folders, in order, with what is to be made of it.

    Hidden files are passed over. Names stay; films in containers that are read but not written
    become .mkv. None is for what is neither film nor picture.

    Raises:
        InputError: One folder lies in the other, or two films would become one.
    """
    inner, outer = target.resolve(), source.resolve()
    if inner == outer or outer in inner.parents:
        raise InputError(f"output folder {target} lies in the input folder {source}")
    files = sorted(
        path
        for path in source.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
    plan = [(path, _target_of(path, source, target)) for path in files]
    makers: dict[Path, Path] = {}
    for path, result in plan:
        if result is not None and makers.setdefault(result, path) != path:
            raise InputError(f"{makers[result]} and {path} would both become {result}")
    return plan


def upscale_folder(
    plan: Sequence[tuple[Path, Path | None]], job: Job, on_frame: OnFrame
) -> Iterator[Outcome]:
    """Upscales file after file; one that fails is an outcome and stops none of the others.

    Raises:
        OSError: The disk is full, which no other file would survive.
    """
    for source, target in plan:
        if target is None:
            yield Outcome(source=source, status="left out")
            continue
        try:
            yield upscale_one(source, target, job, on_frame)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            yield _failed(source, target, error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the next file has a turn
            yield _failed(source, target, error)


def _upscale_picture(source: Path, target: Path, job: Job) -> Outcome:
    if target.exists() and target.samefile(source):
        raise InputError(f"output would replace the input: {target}")
    if target.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{source} is a picture; write {', '.join(IMAGE_SUFFIXES)}, got {target}")
    if is_complete(target, job.existing):
        return Outcome(source=source, target=target, status="was there")
    upscale_image(source, target, FrameUpscaler(job.network, job.upscaling))
    return Outcome(source=source, target=target, status="done", frames=1)


def _target_of(path: Path, source: Path, target: Path) -> Path | None:
    suffix = path.suffix.lower()
    there = target / path.relative_to(source)
    if suffix in (*CONTAINERS, *IMAGE_SUFFIXES):
        return there
    return there.with_suffix(".mkv") if suffix in _FILM_SUFFIXES else None


def _failed(source: Path, target: Path, error: Exception) -> Outcome:
    why = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return Outcome(source=source, target=target, status="failed", message=" ".join(why.split()))
