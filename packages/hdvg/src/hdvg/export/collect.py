"""The clips that leave a dataset, unit by unit, with all that is known of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD
from hdvg.errors import InputError
from hdvg.select.selection import clip_mask
from hdvg.shards import read_member
from hdvg.sources.source_video import locate
from hdvg.storage import Storage
from hdvg.unit_keyframes import read_keyframes

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ExportClip:
    """One clip.

    Attributes:
        unit: The unit that it lies in.
        row: Its row of the clips table.
        video: Its video's row of the videos table.
        caption: Of the chosen family; "" where it has none.
        start_s: Start in seconds from the video's first frame, to the millisecond.
        end_s: Likewise, exclusive.
    """

    unit: str
    row: Row
    video: Row
    caption: str
    start_s: float
    end_s: float

    @property
    def clip_id(self) -> str:
        """The clip's id."""
        return str(self.row["clip_id"])

    @property
    def page_url(self) -> str:
        """Where the video can be seen; the locator itself for files."""
        locator = str(self.video["locator"])
        found = locate(locator)
        if found is not None and found.kind == "youtube":
            return f"https://www.youtube.com/watch?v={found.locator}"
        return locator


class Collection:
    """The chosen clips of a dataset.

    Args:
        storage: The dataset.
        captions: Which caption family goes along.
        select: A selection's name or expression; "" for every clip.

    Raises:
        InputError: An unknown family or selection, or no clip is chosen.
    """

    def __init__(self, storage: Storage, captions: str, select: str) -> None:
        self.storage = storage
        self._catalogue = Catalogue(storage)
        self._captions = captions
        clips = self._catalogue.table("clips")
        if captions not in self._catalogue.families("captions") and len(clips):
            self._catalogue.family("captions", captions)  # raises, and names those that there are
        if select:
            clips = clips.filter(pa.array(clip_mask(self._catalogue, select, clips)))
        if not len(clips):
            chosen = f" that {select!r} chooses" if select else ""
            raise InputError(f"{storage.root} has no clip{chosen}")
        self._chosen = frozenset(clips["clip_id"].to_pylist())

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[ExportClip]:
        for unit in self._catalogue.units(BUILD):
            rows = self._catalogue.table("clips", unit).to_pylist()
            rows = [row for row in rows if row["clip_id"] in self._chosen]
            if not rows:
                continue
            table = self._catalogue.family("captions", self._captions, unit)
            ids, texts = table["clip_id"].to_pylist(), table["text"].to_pylist()
            captions = dict(zip(ids, texts, strict=True))
            videos = self._catalogue.table("videos", unit).to_pylist()
            by_id = {row["video_id"]: row for row in videos}
            for row in rows:
                yield _clip(unit, row, by_id[row["video_id"]], captions.get(row["clip_id"], ""))

    def media(self, clip: ExportClip) -> bytes:
        """The clip's file, checked against its digest."""
        names = ("shard", "offset", "nbytes", "sha256")
        return read_member(self.storage, **{name: clip.row[name] for name in names})

    def keyframes(self, unit: str) -> dict[str, bytes]:
        """Every central frame of a unit, JPEG, by clip id."""
        return read_keyframes(self.storage, self._catalogue.commits[BUILD][unit])


def _clip(unit: str, row: Row, video: Row, caption: str) -> ExportClip:
    # A clip's id holds its times from the first frame; `start_s` is on the source's own clock.
    first_ms, last_ms = row["clip_id"].rsplit("_", 2)[1:]
    return ExportClip(
        unit=unit,
        row=row,
        video=video,
        caption=caption,
        start_s=int(first_ms) / 1000,
        end_s=int(last_ms) / 1000,
    )
