"""One export: checked against what stands in its folder, and gone on with where it stopped."""

import hashlib
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from hdvg.dataset_folder import DATASET_FILE, open_dataset
from hdvg.errors import InputError
from hdvg.export.clip_file import read_clip_file
from hdvg.export.collect import Collection
from hdvg.export.write_hdvg130m import write_hdvg130m
from hdvg.export.write_webdataset import write_webdataset
from hdvg.export.write_webvid import write_webvid
from hdvg.progress import View
from hdvg.scratch import hold
from hdvg.storage import Storage

FORMATS = ("hdvg130m", "webvid", "webdataset")
_CLAIM = "export.json"


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """What is exported, and how."""

    data: str
    """The dataset folder, or an fsspec URL."""
    out: str
    """The folder or URL that receives it; new, or one where the same export was begun."""
    format: str = "webdataset"
    """webdataset: tars of clips; webvid: results.csv and a file a clip; hdvg130m: a JSON file of
    URLs, times and captions without media."""
    captions: str = "alt_text"
    """The caption family that goes along."""
    select: str = ""
    """A selection's name or expression; empty: every clip."""
    unhide: bool = False
    """Encode anew the lossless clips whose files begin with hidden frames, for decoders that do not
    obey edit lists when they seek, such as decord and torchcodec."""
    shard_mb: int = 1000
    """Size of a WebDataset shard in megabytes."""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(f"format must be one of {', '.join(FORMATS)}, got {self.format!r}")
        if self.shard_mb < 1:
            raise InputError(f"shard_mb must be at least 1, got {self.shard_mb}")
        if not self.data or not self.out:
            raise InputError("give the dataset as data and the export's folder as out")


def export_dataset(config: ExportConfig) -> dict[str, int]:
    """Writes an export, or goes on with one that was begun.

    Returns:
        Counts by what was written.

    Raises:
        InputError: Not a dataset, nothing to export, a folder that holds something else, or another
            export at work on it.
    """
    storage, _ = open_dataset(config.data)
    clips = Collection(storage, config.captions, config.select)
    out = Storage(config.out)
    with ExitStack() as stack:
        if out.is_local:
            stack.enter_context(hold(Path(out.root), keep=_CLAIM))
        _claim(out, config, clips)
        if config.format == "hdvg130m":
            return write_hdvg130m(clips, out)
        view = stack.enter_context(View("hdvg export", len(clips), noun="clips"))
        numbers = count(1)

        def done() -> None:
            view.update(next(numbers))

        read = partial(read_clip_file, clips, unhide=config.unhide)
        if config.format == "webvid":
            return write_webvid(clips, out, read, done)
        return write_webdataset(clips, out, config.shard_mb * 10**6, read, done)


def _claim(out: Storage, config: ExportConfig, clips: Collection) -> None:
    """Writes what the folder is for, or makes sure that it says so already."""
    wanted: dict[str, Any] = asdict(config)
    del wanted["out"]
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(f"{clip.clip_id} {clip.row['sha256']} {clip.caption}\n".encode())
    wanted |= {"clips": len(clips), "digest": digest.hexdigest()}
    if out.exists(_CLAIM):
        found = json.loads(out.read_bytes(_CLAIM))
        if found != wanted:
            differs = [key for key in wanted if found.get(key) != wanted[key]]
            raise InputError(
                f"{out.root} holds another export: its {', '.join(differs)} differ; give another"
                " folder"
            )
        out.remove_partials()
        return
    if out.exists(DATASET_FILE) or out.list_files("") or out.list_folders(""):
        raise InputError(f"{out.root} is not empty and holds no export; give another folder")
    out.write_bytes(_CLAIM, json.dumps(wanted, indent=1).encode())
