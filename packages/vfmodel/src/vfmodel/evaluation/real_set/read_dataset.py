"""UCF-101, MSR-VTT and WebVid folders as they are distributed, and any folder of videos.

    UCF-101/<Class>/v_<Class>_g01_c01.avi
    MSRVTT/**/*.json with "videos" and "sentences", MSRVTT/**/video7010.mp4
    WEBVID/**/*_val.csv, WEBVID/**/<videoid>.mp4

The lists are read by hdvg's own readers; here is only which files they belong to.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from hdvg.errors import InputError
from hdvg.sources.msrvtt import read_msrvtt
from hdvg.sources.rows import Entry, SkippedRow
from hdvg.sources.source_video import SourceVideo
from hdvg.sources.ucf101 import read_ucf101
from hdvg.sources.webvid import read_webvid
from vfmodel.evaluation.protocol import RealRule
from vfmodel.evaluation.real_set.listed_videos import ListedVideos, RealVideo, index_files

LOG = logging.getLogger(__name__)

_SUFFIXES = (".mp4", ".avi", ".webm", ".mkv", ".mov", ".m4v", ".mpg")
# Numbers of MSR-VTT's videos, first and last, in each split.
_MSRVTT_SPLITS = {"all": (0, 9999), "train": (0, 6512), "val": (6513, 7009), "test": (7010, 9999)}


def read_dataset(folder: str | Path, rule: RealRule) -> ListedVideos:
    """Lists a dataset.

    Args:
        folder: Where it was unpacked.
        rule: Which dataset and split; shapes are rendered and not read.

    Raises:
        InputError: No such folder, no list in it, or a list that is another format's.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"no dataset folder: {folder}")
    readers = {
        "ucf101": _read_ucf101,
        "msrvtt": _read_msrvtt,
        "webvid": _read_webvid,
        "folder": _read_any,
    }
    videos, skipped = readers[rule.dataset](root, rule.split)
    if not videos:
        raise InputError(f"no video of {rule.dataset} ({rule.split}) in {folder}")
    return ListedVideos(
        dataset=rule.dataset,
        split=rule.split,
        videos=tuple(sorted(videos, key=lambda video: video.name)),
        num_expected=rule.num_listed,
        skipped=skipped,
    )


def read_real(folder: str | None, rule: RealRule) -> ListedVideos | None:
    """Lists a protocol's real videos, if there are any to be read, and warns of missing ones.

    Args:
        folder: Of the dataset; None if nobody named one.
        rule: Which dataset and split.

    Raises:
        InputError: As `read_dataset`.
    """
    if rule.dataset == "shapes" or folder is None:
        return None
    listed = read_dataset(folder, rule)
    if listed.shortfall():
        LOG.warning("%s", listed.shortfall())
    return listed


Read = tuple[list[RealVideo], Counter[str]]


def _read_ucf101(root: Path, split: str) -> Read:
    if split != "all":
        raise InputError(f"UCF-101 has three partitions and no split {split!r}; use 'all'")
    return _collect(
        read_ucf101(root),
        lambda video: RealVideo(
            name=Path(video.locator).stem, path=root / video.locator, label=video.label
        ),
    )


def _read_msrvtt(root: Path, split: str) -> Read:
    files = index_files(root, _SUFFIXES)
    first, last = _MSRVTT_SPLITS[split]

    def make(video: SourceVideo) -> RealVideo | None:
        [span] = video.spans
        number = span.name.removeprefix("video")
        if not number.isdecimal() or not first <= int(number) <= last:
            return None
        captions = tuple(line for line in span.caption.split("\n") if line)
        return RealVideo(
            name=span.name, path=files.get(span.name), captions=captions, label=video.label
        )

    lists = sorted(root.rglob("*.json"))
    if not lists:
        raise InputError(f"no JSON list of MSR-VTT in {root}")
    # Training and test lists are files of their own, and some releases have one of everything.
    return _collect((entry for path in lists for entry in read_msrvtt(path)), make)


def _read_webvid(root: Path, split: str) -> Read:
    files = index_files(root, _SUFFIXES)
    pattern = "*.csv" if split == "all" else f"*_{split}.csv"
    lists = sorted(root.rglob(pattern))
    if not lists:
        raise InputError(f"no list {pattern} of WebVid in {root}")
    return _collect(
        (entry for path in lists for entry in read_webvid(path)),
        lambda video: RealVideo(
            name=video.spans[0].name,
            path=files.get(video.spans[0].name),
            captions=(video.spans[0].caption,),
        ),
    )


def _read_any(root: Path, split: str) -> Read:
    files = index_files(root, _SUFFIXES)
    return [RealVideo(name=stem, path=path) for stem, path in files.items()], Counter()


def _collect(entries: Iterable[Entry], make: Callable[[SourceVideo], RealVideo | None]) -> Read:
    videos: dict[str, RealVideo] = {}
    skipped: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry, SkippedRow):
            skipped[entry.reason] += 1
        elif (video := make(entry)) is not None:
            if video.name in videos:
                skipped["named twice"] += 1
            videos.setdefault(video.name, video)
    return list(videos.values()), skipped
