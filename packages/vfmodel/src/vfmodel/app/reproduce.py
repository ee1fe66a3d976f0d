"""A shown video as the command line and the Python that make it again."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields

from vfmodel.app.request import VideoRequest

# Characters of a file's name that are taken from the prompt: enough to tell files apart.
_NAME_LENGTH = 48


def file_name(request: VideoRequest, *, large: bool = False) -> str:
    """What the MP4 is called when it is saved, such as "a-red-circle_seed-3_4x.mp4".

    Args:
        request: What the video was made from; only ASCII letters and digits of its prompt stay.
        large: Whether the video was upscaled.
    """
    words = re.sub(r"[^a-z0-9]+", "-", request.prompt.lower())[:_NAME_LENGTH].strip("-")
    return f"{words or 'video'}_seed-{request.seed}{'_4x' if large else ''}.mp4"


def as_command(request: VideoRequest, model: str | None, upscaler: str | None = None) -> str:
    """A `vfmodel generate` command for a POSIX shell.

    Args:
        request: What the video was made from.
        model: Its model folder or hub id; None for the packaged one.
        upscaler: Import path of what it was enlarged with, if it was.
    """
    settings = dict(_settings(request)) | _named(model=model, upscaler=upscaler)
    settings["out"] = file_name(request, large=upscaler is not None)
    prompt = f"--prompt={request.prompt}" if request.prompt.startswith("-") else request.prompt
    words = [prompt, *(f"--{name}={value}" for name, value in settings.items())]
    return " \\\n    ".join(["vfmodel generate", *map(shlex.quote, words)])


def as_python(request: VideoRequest, model: str | None, upscaler: str | None = None) -> str:
    """A Python program; the arguments are those of `as_command`."""
    imports = ["import vfmodel"]
    if upscaler is not None:
        imports.append(f"import {upscaler.rpartition('.')[0]}")
    settings = dict(_settings(request)) | _named(model=model)
    lines = [f"    {request.prompt!r},", *(f"    {k}={v!r}," for k, v in settings.items())]
    if upscaler is not None:
        lines.append(f"    upscaler={upscaler},")
    name = file_name(request, large=upscaler is not None)
    call = ["video = vfmodel.generate(", *lines, ")", f"video.save({name!r})"]
    return "\n".join([*imports, "", *call])


def _settings(request: VideoRequest) -> Iterator[tuple[str, object]]:
    """Everything but the prompt, without what is not set."""
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name != "prompt" and value not in (None, ""):
            yield field.name, value


def _named(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
