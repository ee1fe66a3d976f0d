"""What an expression can speak of: columns of clips, of their videos, scores and captions.

A plain name is looked for in this order: the derived columns below, the clips table, the videos
table, the score families. Where clips and videos both have it, as with `height`, the plain name is
the clip's; `video_height` is always the video's.

    aspect             width over height of the picture, black bars not counted
    duration_s         seconds that the clip lasts
    caption            what the family `alt_text` says of the clip
    caption_<family>   what another family says; what no name can hold is written _
"""

import difflib
import re

import pyarrow as pa
import pyarrow.compute as pc

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.manifest import CLIPS, SCORES, VIDEOS

_DEFAULT_CAPTIONS = "alt_text"
_VIDEO = "video_"
_SCORES = {column: family for family, schema in SCORES.items() for column in schema.names[1:]}


class Columns:
    """Columns of a dataset's clips, by name, each read when it is first asked for.

    Args:
        catalogue: The dataset.
        clips: The rows that the columns are for; by default the whole clips table.
    """

    def __init__(self, catalogue: Catalogue, clips: pa.Table | None = None) -> None:
        self._catalogue = catalogue
        self._clips = catalogue.table("clips") if clips is None else clips
        self._joined: dict[str, pa.Table] = {}

    def __len__(self) -> int:
        return len(self._clips)

    def names(self) -> list[str]:
        """Every name that can be asked for in this dataset, sorted."""
        videos = {name if name.startswith(_VIDEO) else f"{_VIDEO}{name}" for name in VIDEOS.names}
        tables = {*CLIPS.names, *VIDEOS.names, *_SCORES}
        return sorted({"aspect", "duration_s", *self._captions(), *tables, *videos})

    def column(self, name: str) -> pa.ChunkedArray | pa.Array:
        """A column, one value a clip, null where nothing is known.

        Raises:
            InputError: There is no such column, or no pass has made it yet.
        """
        if name == "aspect":
            return self._aspect()
        if name == "duration_s":
            return pc.subtract(self._clips["end_s"], self._clips["start_s"])
        if name in CLIPS.names:
            return self._clips[name]
        if name in VIDEOS.names:
            return self._of_video(name)
        if name.startswith(_VIDEO) and name.removeprefix(_VIDEO) in VIDEOS.names:
            return self._of_video(name.removeprefix(_VIDEO))
        if name in _SCORES:
            return self._score(name)
        if name in self._captions():
            return self._of_clip("captions", self._captions()[name])["text"]
        near = difflib.get_close_matches(name, self.names(), n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(near)}?" if near else "docs/formats.md lists all"
        raise InputError(f"no column {name!r}; {hint}")

    def _captions(self) -> dict[str, str]:
        families = self._catalogue.families("captions")
        names = {f"caption_{re.sub(r'[^0-9A-Za-z_]', '_', family)}": family for family in families}
        return {"caption": _DEFAULT_CAPTIONS} | names

    def _aspect(self) -> pa.Array:
        width = pc.coalesce(self._clips["crop_width"], self._clips["width"])
        height = pc.coalesce(self._clips["crop_height"], self._clips["height"])
        return pc.divide(pc.cast(width, pa.float64()), pc.cast(height, pa.float64()))

    def _score(self, name: str) -> pa.ChunkedArray:
        family = _SCORES[name]
        if family not in self._catalogue.families("scores"):
            # Silently unknown everywhere would make every comparison false: an empty subset.
            raise InputError(
                f"{name!r} is not known yet: the dataset has no scores of the family {family!r}"
                " (see hdvg score)"
            )
        return self._of_clip("scores", family)[name]

    def _of_video(self, name: str) -> pa.ChunkedArray:
        if "videos" not in self._joined:
            videos = self._catalogue.table("videos")
            self._joined["videos"] = _join(self._clips["video_id"], videos, "video_id")
        return self._joined["videos"][name]

    def _of_clip(self, kind: str, family: str) -> pa.Table:
        key = f"{kind}/{family}"
        if key not in self._joined:
            found = self._catalogue.family("captions" if kind == "captions" else "scores", family)
            self._joined[key] = _join(self._clips["clip_id"], found, "clip_id")
        return self._joined[key]


def _join(keys: pa.ChunkedArray, table: pa.Table, on: str) -> pa.Table:
    """Rows of `table` for each key, in the keys' order; nulls where it has none."""
    return table.take(pc.index_in(keys, value_set=table[on]))
