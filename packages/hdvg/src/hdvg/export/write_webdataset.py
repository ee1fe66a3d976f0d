"""WebDataset: tars of <clip_id>.mp4, .txt (the caption), .json (everything else) and .jpg.

Which clips a shard holds depends on the clips and the shard size alone, and a shard appears when it
is whole: an export that was stopped goes on with the first shard that is missing.
"""

import json
from collections.abc import Callable, Iterable, Iterator

from hdvg.export.clip_file import ClipFile
from hdvg.export.collect import Collection, ExportClip
from hdvg.shards import TarWriter
from hdvg.storage import Storage

# Of the videos table, what a trainer may want to filter or to credit by.
_VIDEO_COLUMNS = (
    "source",
    "locator",
    "title",
    "uploader",
    "channel",
    "upload_date",
    "license",
    "label",
    "categories",
)
# Where the clip lies in the dataset that it left.
_LEFT_BEHIND = frozenset({"shard", "offset", "nbytes", "sha256"})


def write_webdataset(
    clips: Collection,
    out: Storage,
    shard_bytes: int,
    read: Callable[[ExportClip], ClipFile],
    done: Callable[[], None],
) -> dict[str, int]:
    """Writes the shards `00000.tar`, `00001.tar`, ...

    Args:
        clips: What is written.
        out: Where.
        shard_bytes: Clips are added to a shard until their files, as they lie in the dataset, reach
            this size.
        read: Reads a clip's file.
        done: Called after each clip.
    """
    num_shards = 0
    keyframes, unit = {}, ""
    for members in group_by_size(clips, shard_bytes):
        name = f"{num_shards:05d}.tar"
        num_shards += 1
        if out.exists(name):
            for _ in members:
                done()
            continue
        with out.writing(name) as file, TarWriter(file) as tar:
            for clip in members:
                if clip.unit != unit:
                    keyframes, unit = clips.keyframes(clip.unit), clip.unit
                found = read(clip)
                tar.add(f"{clip.clip_id}.mp4", found.content)
                tar.add(f"{clip.clip_id}.txt", clip.caption.encode())
                tar.add(f"{clip.clip_id}.json", _facts(clip, found))
                tar.add(f"{clip.clip_id}.jpg", keyframes[clip.clip_id])
                done()
    return {"clips": len(clips), "shards": num_shards}


def group_by_size(clips: Iterable[ExportClip], shard_bytes: int) -> Iterator[list[ExportClip]]:
    """Clips in their order, in groups whose last one reaches the size."""
    group: list[ExportClip] = []
    nbytes = 0
    for clip in clips:
        group.append(clip)
        nbytes += int(clip.row["nbytes"])
        if nbytes >= shard_bytes:
            yield group
            group, nbytes = [], 0
    if group:
        yield group


def _facts(clip: ExportClip, found: ClipFile) -> bytes:
    facts = {name: value for name, value in clip.row.items() if name not in _LEFT_BEHIND}
    facts |= found.facts
    facts |= {name: clip.video[name] for name in _VIDEO_COLUMNS}
    return json.dumps(facts | {"caption": clip.caption}).encode()
