"""Which videos of a folder show which prompt."""

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from hdvg.errors import InputError

PROMPTS_FILE = "prompts.json"
_ENDINGS = (".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v")


@dataclass(frozen=True, order=True)
class Case:
    """What two models are compared on.

    Attributes:
        prompt: The text.
        sample: Which of a model's videos of it, from 0 in the order of the files' names.
    """

    prompt: str
    sample: int


@dataclass(frozen=True, kw_only=True)
class ModelVideos:
    """One model's videos.

    Attributes:
        model: The model's name.
        folder: Where they lie.
        files: The file of each case.
        lost: What could not be used, as reason to names of files.
    """

    model: str
    folder: Path
    files: dict[Case, Path]
    lost: dict[str, list[str]] = field(default_factory=dict)


def find_videos(model: str, folder: Path) -> ModelVideos:
    """Lists a folder's videos by prompt.

    The prompts stand in `prompts.json`, an object of file name to prompt, or else in a text file
    beside each video: `0001.txt` for `0001.mp4`.

    Raises:
        InputError: No such folder, no prompts in it, or a `prompts.json` that is none.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder of videos for {model}: {folder}")
    lost: dict[str, list[str]] = {}
    listed = folder / PROMPTS_FILE
    prompts = _read_list(listed) if listed.is_file() else _read_sidecars(folder, lost)
    files: dict[Case, Path] = {}
    counts: dict[str, int] = {}
    for name, prompt in sorted(prompts.items()):
        if not (folder / name).is_file():
            lost.setdefault("missing", []).append(name)
        # A missing file keeps its number, or its successor would meet another sample's rival.
        case = Case(prompt, counts.get(prompt, 0))
        counts[prompt] = case.sample + 1
        if (folder / name).is_file():
            files[case] = folder / name
    if not files:
        raise InputError(
            f"no videos with prompts for {model} in {folder}: it needs {PROMPTS_FILE}"
            ' ({"0001.mp4": "the prompt"}) or a 0001.txt beside each 0001.mp4'
        )
    return ModelVideos(model=model, folder=folder, files=files, lost=lost)


def _read_list(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} must be an object of file name to prompt")
    prompts = {}
    for name, prompt in content.items():
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise InputError(f"{path} names a file outside of its folder: {name}")
        if not isinstance(prompt, str) or not prompt.strip():
            raise InputError(f"{path} has no prompt for {name}: {prompt!r}")
        prompts[name] = " ".join(prompt.split())
    return prompts


def _read_sidecars(folder: Path, lost: dict[str, list[str]]) -> dict[str, str]:
    prompts = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _ENDINGS or path.name.startswith("."):
            continue
        name = path.relative_to(folder).as_posix()
        beside = path.with_suffix(".txt")
        try:
            prompt = " ".join(beside.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError):
            prompt = ""
        if prompt:
            prompts[name] = prompt
        else:
            lost.setdefault("without a prompt", []).append(name)
    return prompts
