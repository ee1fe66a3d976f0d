"""`vfsr upscale`: a film, a picture or a folder in, each side four times as large out."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import jsonargparse

from hdvg.errors import InputError
from vfsr.film.encoding import EncodeConfig
from vfsr.film.packet_log import count_finished
from vfsr.frame_upscaler import UpscalingConfig
from vfsr.upscale_clip import open_model
from vfsr.upscale_film import partial_path
from vfsr.upscale_path import Job, Outcome, plan_folder, upscale_folder, upscale_one
from vfsr.upscale_progress import Named, progress_bar, progress_lines, show_line

Config = TypeVar("Config", UpscalingConfig, EncodeConfig)

_ABOUT = (
    "Upscales a film, a picture (PNG, JPEG, WebP), or a folder of them, four times on each side. "
    "Frame count, timestamps, sound, subtitles, chapters, colour tags, bits a sample, transparency "
    "and rotation stay as they are. An interrupted film goes on with --resume."
)


def run_upscale(arguments: Sequence[str]) -> int:
    """Upscales what the command line names.

    Args:
        arguments: The command line after "upscale".

    Returns:
        0, or 1 if a file of a folder failed, or a film has parts that do not decode.

    Raises:
        InputError: A bad argument, or a single file that is refused.
        OSError: The disk is full.
    """
    options = _parse(arguments)
    source, target = Path(options.source), Path(options.target)
    plan = plan_folder(source, target) if source.is_dir() else None
    job = _job(options)
    with (progress_lines if options.json else progress_bar)() as named:
        if plan is None:
            outcomes = [_upscale_file(source, target, job, named)]
            _show(outcomes[0], options.json)
        else:
            outcomes = []
            for outcome in _upscale_all(plan, job, named):
                _show(outcome, options.json)
                outcomes.append(outcome)
    counts = Counter(outcome.status for outcome in outcomes)
    if options.json:
        show_line(event="summary", **{name.replace(" ", "_"): n for name, n in counts.items()})
    elif plan is not None:
        text = ", ".join(f"{n} {name}" for name, n in counts.items()) or "nothing to do"
        sys.stderr.write(f"{target}: {text}\n")
    return 1 if counts["failed"] or counts["damaged"] else 0


def _upscale_file(source: Path, target: Path, job: Job, named: Named) -> Outcome:
    with _saying_how_to_go_on(target):
        return upscale_one(source, target, job, named(source.name))


def _upscale_all(
    plan: Sequence[tuple[Path, Path | None]], job: Job, named: Named
) -> Iterator[Outcome]:
    for number, (source, target) in enumerate(plan, start=1):
        on_frame = named(f"{number}/{len(plan)} {source.name}")
        with _saying_how_to_go_on(target):
            yield from upscale_folder([(source, target)], job, on_frame)


@contextmanager
def _saying_how_to_go_on(target: Path | None) -> Iterator[None]:
    """Tells of finished work when something stops it, be it an interrupt or a full disk."""
    try:
        yield
    except InputError:
        raise
    except BaseException:
        half = None if target is None else partial_path(target)
        if half is not None and (count := count_finished(half)):
            sys.stderr.write(
                f"{half} holds {count} finished frames; the same command with --resume goes on\n"
            )
        raise


def _show(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
        paths = {name: values[name] and str(values[name]) for name in ("source", "target")}
        show_line(event="file", **(values | paths))
        return
    if outcome.status == "failed":
        lines = [f"{outcome.source}: failed: {outcome.message}"]
    elif outcome.status in ("was there", "left out"):
        lines = [f"{outcome.target or outcome.source}: {outcome.status}"]
    else:
        plural = "" if outcome.frames == 1 else "s"
        lines = [f"{outcome.target}: {outcome.frames} frame{plural}"]
    if outcome.damaged:
        lines.append(f"  {outcome.damaged} damaged packets do not decode; their frames are missing")
    lines.extend(f"  {note}" for note in outcome.notes)
    sys.stderr.write("\n".join(lines) + "\n")


def _job(options: jsonargparse.Namespace) -> Job:
    if options.resume and options.overwrite:
        raise InputError("--resume and --overwrite exclude each other")
    return Job(
        network=open_model(options.model, options.device),
        upscaling=_filled(UpscalingConfig, options),
        encode=_filled(EncodeConfig, options),
        existing="resume" if options.resume else "overwrite" if options.overwrite else "refuse",
    )


def _filled(config: type[Config], options: jsonargparse.Namespace) -> Config:
    return config(**{field.name: options[field.name] for field in fields(config)})


def _parse(arguments: Sequence[str]) -> jsonargparse.Namespace:
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = jsonargparse.ArgumentParser(
        prog="vfsr upscale", description=_ABOUT, exit_on_error=False
    )
    parser.add_argument("--config", action="config", help="YAML file with any of these options.")
    parser.add_argument("source", type=str, help="Film, picture, or folder to read.")
    parser.add_argument(
        "target",
        type=str,
        help="Where to write: .mp4, .m4v, .mov or .mkv for a film, .png, .jpg or .webp for a "
        "picture, a folder for a folder.",
    )
    parser.add_argument(
        "--model",
        type=str | None,
        default=None,
        help="Model folder or hub id; the model that ships with vfsr if not given.",
    )
    parser.add_argument(
        "--device",
        type=str | None,
        default=None,
        help="Such as cpu or cuda; CUDA if there is one, else the CPU, if not given.",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="Go on with what was interrupted; leave results alone that are complete.",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="Replace results, also unfinished ones."
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="Lines of JSON on stdout: progress, each file's outcome, a summary.",
    )
    parser.add_class_arguments(UpscalingConfig, None)
    parser.add_class_arguments(EncodeConfig, None)
    try:
        return parser.parse_args(list(arguments))
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
