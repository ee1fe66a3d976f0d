"""From what the user names as a source to the videos that a build works on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hdvg.errors import InputError
from hdvg.sources.hdvg130m import read_hdvg130m
from hdvg.sources.hdvg_dataset import dataset_source, read_dataset
from hdvg.sources.hdvila import read_hdvila
from hdvg.sources.local_folder import VIDEO_SUFFIXES, read_file, read_folder
from hdvg.sources.msrvtt import read_msrvtt
from hdvg.sources.panda70m import read_panda70m
from hdvg.sources.recognise import FOLDER_KINDS, split_kind
from hdvg.sources.rows import Entry
from hdvg.sources.sample import Gathered, SampleConfig, gather
from hdvg.sources.ucf101 import read_ucf101
from hdvg.sources.url_list import read_list
from hdvg.sources.webvid import read_webvid

_READERS: dict[str, Callable[[Path], Iterable[Entry]]] = {
    "folder": read_folder,
    "file": lambda path: [read_file(path.name)],
    "list": read_list,
    "hdvila": read_hdvila,
    "hdvg130m": read_hdvg130m,
    "panda70m": read_panda70m,
    "webvid": read_webvid,
    "msrvtt": read_msrvtt,
    "ucf101": read_ucf101,
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a build starts from.

    Attributes:
        found: The sampled videos, and what became of the rest of the rows.
        folder: What locators of the kind "file" are relative to.
    """

    found: Gathered
    folder: Path


def read_source(
    source: str,
    sample: SampleConfig,
    labels: Mapping[str, str] | None = None,
    spans: str = "caption",
) -> Source:
    """Reads a source in one pass; a video named twice is one video.

    Args:
        source: A folder of video files, one video file, a text file with a URL or a YouTube id a
            line ("#" starts a comment), a published dataset's list, a dataset of ours; with or
            without its kind in front, as in "webvid:results_2M_val.csv".
        sample: Which of its videos are taken.
        labels: Label by video id, for lists that have none.
        spans: One of `sample.SPAN_MODES`.

    Raises:
        InputError: The source is missing, unreadable, or nothing in it is usable; spans are to be
            cut and it names none.
    """
    kind, where = split_kind(source)
    rows = read_dataset(where) if kind == "dataset" else _READERS[kind](Path(where))
    found = gather(rows, sample, labels, spans)
    if not found.num_listed:
        raise InputError(_nothing_in(kind, where, found))
    if spans == "cut" and not any(video.spans for video in found.videos):
        raise InputError(f"spans: cut needs a list that names parts of videos; {where} names none")
    return Source(found=found, folder=_folder(kind, where))


def _folder(kind: str, where: str) -> Path:
    if kind == "dataset":
        origin = dataset_source(where)
        try:
            inner, path = split_kind(origin)
        except InputError:  # what it was built from is gone, and only web videos can be had
            return Path()
        return _folder(inner, path)
    return Path(where) if kind in FOLDER_KINDS else Path(where).parent


def _nothing_in(kind: str, where: str, found: Gathered) -> str:
    if kind == "folder":
        suffixes = " ".join(sorted(VIDEO_SUFFIXES))
        return f"no video files in the folder {where} (looked for {suffixes})"
    if found.examples:
        rows = sum(found.skipped.values())
        return f"{where}: none of {rows} rows is usable as {kind}; {'; '.join(found.examples)}"
    return f"the list {where} names no video"
