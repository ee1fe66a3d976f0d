"""A sample of clips for the report: the files themselves, with captions, scores and their source.

The sample is drawn by a seed and filled up to a size; what no longer fits shows its keyframe alone.
"""

import base64
import io
import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.manifest import SCORES, read_table, table_file
from hdvg.select.columns import Columns
from hdvg.select.selection import clip_mask, list_selections
from hdvg.shards import read_member
from hdvg.unit_keyframes import decode_keyframe, read_keyframes

_POSTER_WIDTH_PX = 480
_POSTER_QUALITY = 80
_NO_NUMBERS = frozenset({"clip_id", "fingerprint", "duplicate_of"})


@dataclass(frozen=True, kw_only=True)
class GalleryConfig:
    """Which clips a report shows."""

    clips: int = 24
    """How many clips the gallery shows; 0 for none."""
    max_mb: float = 40.0
    """Megabytes of video that the page may hold; clips beyond show their keyframe alone."""
    seed: int = 0
    """Decides which clips are drawn."""
    select: str = ""
    """Draw only from this selection or expression; empty: from all clips."""

    def __post_init__(self) -> None:
        if self.clips < 0:
            raise InputError(f"clips must not be negative, got {self.clips}")
        if not self.max_mb >= 0 or math.isinf(self.max_mb):
            raise InputError(f"max_mb must be a number of at least 0, got {self.max_mb}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class GalleryClip:
    """One clip of the gallery.

    Attributes:
        clip_id: Its id.
        captions: Text by family.
        title: Of the source video, or "".
        category: Label or first category, or "".
        source: Where the video comes from, for a person.
        link: The same as an http(s) address that jumps to the clip where the site can, or "".
        start_s: Start in the source.
        duration_s: How long it lasts.
        width: Of the clip file in pixels.
        height: Of the clip file in pixels.
        codec: Of the clip file.
        scores: Number by column; unknown ones are left out.
        selections: Names of the selections that hold it.
        poster: The keyframe as JPEG in base64, or "".
        video: The clip file in base64, or "" where it did not fit.
    """

    clip_id: str
    captions: dict[str, str]
    title: str
    category: str
    source: str
    link: str
    start_s: float
    duration_s: float
    width: int
    height: int
    codec: str
    scores: dict[str, float]
    selections: tuple[str, ...]
    poster: str
    video: str


def draw_gallery(catalogue: Catalogue, config: GalleryConfig) -> list[GalleryClip]:
    """Draws clips and reads what a page needs of them, in the order of the dataset.

    Raises:
        InputError: An unknown selection, or damaged media.
    """
    clips = catalogue.table("clips")
    pool = np.arange(len(clips))
    if config.select:
        pool = np.flatnonzero(clip_mask(catalogue, config.select, clips))
    drawn = _draw(pool, config)
    chosen = clips.take(pa.array(drawn))
    facts = _gather(catalogue, chosen)
    videos = _read_videos(catalogue, chosen, config.max_mb * 1e6)
    posters = _read_posters(catalogue, chosen)
    found = []
    for row, more, video in zip(chosen.to_pylist(), facts, videos, strict=True):
        found.append(
            GalleryClip(
                clip_id=row["clip_id"],
                start_s=row["start_s"],
                duration_s=row["end_s"] - row["start_s"],
                width=row["width"],
                height=row["height"],
                codec=row["codec"],
                poster=posters.get(row["clip_id"], ""),
                video=video,
                **more,
            )
        )
    return found


def find_link(kind: str, locator: str, start_s: float) -> str:
    """Where a browser finds the source; "" for what is no plain web address."""
    if kind == "youtube":
        return f"https://www.youtube.com/watch?v={quote(locator, safe='')}&t={int(start_s)}s"
    # A list may hold any text as a URL; "javascript:" must never become a link.
    return locator if kind == "url" and urlsplit(locator).scheme in ("http", "https") else ""


def make_poster(jpeg: bytes) -> str:
    """A keyframe as a small JPEG in base64; "" if it is damaged."""
    image = decode_keyframe(jpeg)
    if image is None:
        return ""
    height = max(1, round(image.height * _POSTER_WIDTH_PX / image.width))
    buffer = io.BytesIO()
    image.resize((_POSTER_WIDTH_PX, height)).save(buffer, "JPEG", quality=_POSTER_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode()


def _draw(pool: npt.NDArray[np.int64], config: GalleryConfig) -> npt.NDArray[np.int64]:
    count = min(config.clips, len(pool))
    return np.sort(np.random.default_rng(config.seed).choice(pool, count, replace=False))


def _gather(catalogue: Catalogue, clips: pa.Table) -> list[dict[str, Any]]:
    """What other tables know of the clips, one dictionary each."""
    columns = Columns(catalogue, clips)
    plan = read_table(catalogue.storage, "units", table_file("units"))
    kinds = dict(zip(plan["video_id"].to_pylist(), plan["kind"].to_pylist(), strict=True))
    families = {
        name: _captions_of(catalogue, name, clips) for name in catalogue.families("captions")
    }
    scores = _scores_of(catalogue, columns)
    chosen = _selections_of(catalogue, clips)
    names = ("clip_id", "video_id", "title", "label", "categories", "locator", "start_s")
    values = [columns.column(name).to_pylist() for name in names]
    found = []
    for index, row in enumerate(zip(*values, strict=True)):
        clip_id, video_id, title, label, categories, locator, start_s = row
        numbers = {name: column[index] for name, column in scores.items()}
        found.append(
            {
                "captions": {
                    f: texts[clip_id] for f, texts in families.items() if clip_id in texts
                },
                "title": title or "",
                "category": label or (categories[0] if categories else ""),
                "source": locator or video_id,
                "link": find_link(kinds.get(video_id, ""), locator or "", start_s),
                "scores": {k: round(v, 4) for k, v in numbers.items() if v is not None},
                "selections": tuple(name for name, mask in chosen.items() if mask[index]),
            }
        )
    return found


def _captions_of(catalogue: Catalogue, family: str, clips: pa.Table) -> dict[str, str]:
    table = catalogue.family("captions", family)
    table = table.filter(pc.is_in(table["clip_id"], value_set=clips["clip_id"]))
    return dict(zip(table["clip_id"].to_pylist(), table["text"].to_pylist(), strict=True))


def _scores_of(catalogue: Catalogue, columns: Columns) -> dict[str, list[Any]]:
    return {
        name: columns.column(name).to_pylist()
        for family in catalogue.families("scores")
        for name in SCORES[family].names
        if name not in _NO_NUMBERS
    }


def _selections_of(catalogue: Catalogue, clips: pa.Table) -> dict[str, npt.NDArray[np.bool_]]:
    masks = {}
    for name, expression in list_selections(catalogue.storage).items():
        try:
            masks[name] = clip_mask(catalogue, expression, clips)
        except InputError:
            continue  # it asks for scores that this dataset does not have
    return masks


def _read_videos(catalogue: Catalogue, clips: pa.Table, budget: float) -> list[str]:
    """Clip files in base64, as long as they fit."""
    found = []
    for row in clips.select(["shard", "offset", "nbytes", "sha256"]).to_pylist():
        fits = row["nbytes"] <= budget
        budget -= row["nbytes"] if fits else 0
        content = read_member(catalogue.storage, **row) if fits else b""
        found.append(base64.b64encode(content).decode())
    return found


def _read_posters(catalogue: Catalogue, clips: pa.Table) -> dict[str, str]:
    """Posters by clip; a clip without a keyframe has none."""
    shards = set(clips["shard"].to_pylist())
    wanted = set(clips["clip_id"].to_pylist())
    posters: dict[str, str] = {}
    for commit in catalogue.commits.get("build", {}).values():
        if shards.isdisjoint(record.name for record in commit.files):
            continue
        found = read_keyframes(catalogue.storage, commit)
        posters |= {clip_id: make_poster(found[clip_id]) for clip_id in wanted & found.keys()}
    return posters
