"""The folder of a model's videos for one protocol.

    <name>.mp4        one a sample, there when it is whole
    prompts.json      file name to prompt; `vfmodel study build` reads it
    made_with.json    protocol, model and settings; other ones are refused

Frames are coded at a quality at which the coder is not what is measured.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from hdvg.errors import InputError
from hdvg.video import Video, to_uint8, write_video
from vfmodel.evaluation.plan_samples import Sample

MADE_WITH, PROMPTS = "made_with.json", "prompts.json"
# x264's rate factor. 17 is for eyes; here a network looks for what coding has changed.
_CRF = 1


class VideoFolder:
    """Reads and writes such a folder."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def file(self, sample: Sample) -> Path:
        """Where a sample's video lies."""
        return self.path / f"{sample.name}.mp4"

    def missing(self, samples: Iterable[Sample]) -> list[Sample]:
        """The samples that have no video yet."""
        there = {entry.name for entry in os.scandir(self.path)} if self.path.is_dir() else set()
        return [sample for sample in samples if f"{sample.name}.mp4" not in there]

    def made_with(self) -> dict[str, Any]:
        """What the videos were made with; empty where nobody wrote it down.

        Raises:
            InputError: The file is not JSON.
        """
        return self._read(MADE_WITH)

    def prepare(self, samples: Sequence[Sample], made_with: dict[str, Any]) -> None:
        """Makes the folder and writes down what is about to be made.

        Raises:
            InputError: It holds videos that were made with something else, or is a file.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"videos is a file: {self.path}")
        wanted = json.loads(json.dumps(made_with))
        before = self.made_with()
        names = (before.keys() | wanted.keys()) if before else set()
        if wanted.get("model_digest"):
            names -= {"model"}  # the same files may lie elsewhere
        for name in sorted(names):
            if before.get(name) != wanted.get(name):
                raise InputError(
                    f"{self.path} holds videos made with {name} {before.get(name)!r}, not"
                    f" {wanted.get(name)!r}: give another folder"
                )
        self.path.mkdir(parents=True, exist_ok=True)
        replace_json(self.path / MADE_WITH, wanted)
        listed = self._read(PROMPTS) | {f"{s.name}.mp4": s.prompt for s in samples}
        replace_json(self.path / PROMPTS, listed)

    def sweep(self, samples: Sequence[Sample]) -> None:
        """Removes what a killed writer of these samples has left half-written."""
        own = {sample.name for sample in samples}
        for left in self.path.glob(".*.partial.mp4"):
            if left.name[1:].rsplit(".", 3)[0] in own:
                left.unlink(missing_ok=True)

    def write(self, sample: Sample, video: Video) -> None:
        """Writes a video, whole or not at all.

        Raises:
            ValueError: It holds values that are not finite.
        """
        frames = video.frames.detach().float().cpu()
        if not torch.isfinite(frames).all():
            raise ValueError("frames are not finite")
        write_video(self.file(sample), to_uint8(frames.numpy()), video.fps, crf=_CRF)

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        if not path.is_file():
            return {}
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"not JSON: {path} ({error})") from error
        return found


def replace_json(path: Path, content: object) -> None:
    """Writes JSON in one go."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
