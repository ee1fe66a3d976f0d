"""`LatentDataset`: the windows of a `ClipDataset`, as latents that were encoded beforehand."""

from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.latents.latent_settings import read_latent_family
from hdvg.latents.latent_shard import read_latents
from hdvg.reader import ClipDataset

# Times of frames are rationals rounded to floats; no grid is finer than some 100 a second.
_ON_GRID = 1e-3


class LatentItem(TypedDict):
    """One window of a clip."""

    latents: npt.NDArray[np.float32]  # [C, T, h, w], about unit variance
    caption: str
    clip_id: str
    fps: float


class LatentDataset:
    """Latents of the very windows that a `ClipDataset` on the family's grid would show.

    Item `index` is clip `index` of those that have latents; the others are left out and counted.
    Seeds, epochs, captions and selections are the `ClipDataset`'s.

    Attributes:
        clips: Which clips, windows and captions.
        family: Name of the latents.
        settings: Of the family.
        num_left_out: Clips of the `ClipDataset` that have no latents, as they could not be encoded.
    """

    def __init__(self, clips: ClipDataset, family: str) -> None:
        """Opens a family.

        Args:
            clips: Which clips, windows and captions; its `grid_fps` is the family's rate.
            family: Name of the latents.

        Raises:
            InputError: No such family, one that lacks units, or one of another size or rate.
        """
        self._storage, _ = open_dataset(clips.root)
        catalogue = Catalogue(self._storage)
        found = read_latent_family(catalogue, family)
        self.settings = found.settings
        where = f"the latents {family!r} of {self._storage.root}"
        if found.missing:
            raise InputError(
                f"{where} lack {len(found.missing)} of the dataset's units, such as"
                f" {found.missing[0]}: run `vfmodel latents` again"
            )
        for name, theirs, ours in (
            ("height", found.settings.height, clips.height),
            ("width", found.settings.width, clips.width),
            ("grid_fps", found.settings.fps, clips.grid_fps),
        ):
            if theirs != ours:
                raise InputError(f"{where} have {name} {theirs:g}, not {ours}")
        if (found.settings.fps / clips.fps) % 1:
            raise InputError(
                f"{where} have {found.settings.fps:g} frames a second, which is no multiple of"
                f" {clips.fps:g}"
            )
        self.clips = clips
        self.family = family
        rows = catalogue.family("latents", family)
        place = {clip_id: k for k, clip_id in enumerate(rows["clip_id"].to_pylist())}
        pairs = [
            (index, place[clip_id])
            for index, clip_id in enumerate(clips.rows["clip_id"].to_pylist())
            if clip_id in place
        ]
        if not pairs:
            raise InputError(f"{where} have none of the {len(clips)} clips that were chosen")
        self.num_left_out = len(clips) - len(pairs)
        self._index = np.array([index for index, _ in pairs])
        self._rows = rows.take(pa.array([place for _, place in pairs])).combine_chunks()

    def __len__(self) -> int:
        return len(self._index)

    def set_epoch(self, epoch: int) -> None:
        """Draws new random windows, those of the `ClipDataset` in this epoch."""
        self.clips.set_epoch(epoch)

    def __getitem__(self, index: int) -> LatentItem:
        """The window of a clip.

        Raises:
            InputError: Its latents are damaged.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        index %= len(self)
        clip = int(self._index[index])
        row = self._rows.slice(index, 1).to_pylist()[0]
        places = [time_s * self.settings.fps for time_s in self.clips.frame_times_s(clip)]
        numbers = [round(place) for place in places]
        assert all(abs(a - b) < _ON_GRID for a, b in zip(places, numbers, strict=True))
        frames = read_latents(self._storage, row, numbers, self.settings)
        return {
            "latents": np.ascontiguousarray(frames.transpose(1, 0, 2, 3)),
            "caption": self.clips.caption(clip),
            "clip_id": row["clip_id"],
            "fps": float(self.clips.fps),
        }
