"""What the latents of a family are of and by: all that a reader has to know to use them rightly."""

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hdvg.catalogue import Catalogue
from hdvg.commit_family import inputs_of
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError

# End times are sums of rationals rounded to floats.
_TIME_SLACK_S = 1e-6


@dataclass(frozen=True, kw_only=True)
class LatentSettings:
    """The settings in the commits of a latent family.

    Frame j of a clip is the one that is on screen j / fps seconds after the clip's first frame; the
    last one is the last before the clip's end. Black bars are cut off, what does not fit the aspect
    ratio is cropped centrally, and the rest scaled, as `ClipDataset` does.
    """

    autoencoder: str
    """Who encoded: a model folder's or hub id's name, for people."""
    autoencoder_sha256: str
    """Digest of all that makes this autoencoder's latents what they are."""
    height: int
    """Of the encoded frames in pixels."""
    width: int
    """Of the encoded frames in pixels."""
    fps: float
    """Encoded frames a second."""
    channels: int
    """Of a latent."""
    latent_height: int
    """Cells."""
    latent_width: int
    """Cells."""
    dtype: Literal["float16", "float32"]
    """Of the stored numbers."""

    @classmethod
    def from_commit(cls, settings: Mapping[str, Any]) -> "LatentSettings":
        """Reads them back.

        Raises:
            InputError: Written by another version.
        """
        wanted = {field.name for field in fields(cls)}
        if settings.keys() != wanted:
            odd = ", ".join(sorted(settings.keys() ^ wanted))
            raise InputError(f"this version of hdvg does not know latents with or without {odd}")
        return cls(**settings)

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one frame's latent."""
        return self.channels, self.latent_height, self.latent_width

    @property
    def stored_as(self) -> npt.DTypeLike:
        """The dtype in the files, little-endian on every machine."""
        return np.dtype(self.dtype).newbyteorder("<")

    @property
    def frame_nbytes(self) -> int:
        """Stored bytes of one frame's latent."""
        return math.prod(self.frame_shape) * np.dtype(self.dtype).itemsize

    def as_commit(self) -> dict[str, Any]:
        """As plain values for a commit."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class LatentFamily:
    """A latent family of a dataset.

    Attributes:
        name: Its name.
        settings: The same in all of its units.
        missing: Units of the build that it has no latents of, or out-of-date ones.
    """

    name: str
    settings: LatentSettings
    missing: tuple[str, ...]


def latent_stage(family: str) -> str:
    """The stage that commits a family."""
    return f"latents.{family}"


def count_frames(duration_s: float, fps: float) -> int:
    """How many frames of a clip are encoded: those before its end, and always the first."""
    return max(1, math.ceil((duration_s - _TIME_SLACK_S) * fps))


def find_latent_families(root: str | os.PathLike[str]) -> dict[str, LatentFamily]:
    """The latent families that a dataset has, by name.

    Raises:
        InputError: Not a dataset.
    """
    storage, _ = open_dataset(root)
    catalogue = Catalogue(storage)
    return {
        name: read_latent_family(catalogue, name)
        for stage in catalogue.commits
        if (name := stage.removeprefix("latents.")) != stage
    }


def read_latent_family(catalogue: Catalogue, name: str) -> LatentFamily:
    """What a dataset says about one of its latent families.

    Raises:
        InputError: There is no such family, or its units differ in their settings.
    """
    commits = catalogue.commits.get(latent_stage(name), {})
    if not commits:
        known = ", ".join(catalogue.families("latents")) or "none"
        raise InputError(f"{catalogue.storage.root} has no latent family {name!r}; it has: {known}")
    first, *others = (LatentSettings.from_commit(commit.settings) for commit in commits.values())
    # The name is for people; the digest tells.
    if any(replace(other, autoencoder=first.autoencoder) != first for other in others):
        raise InputError(f"the units of the latents {name!r} of {catalogue.storage.root} differ")
    missing = tuple(
        unit
        for unit, build in catalogue.commits.get(BUILD, {}).items()
        if unit not in commits or commits[unit].inputs != inputs_of(build, "clips/")
    )
    return LatentFamily(name=name, settings=first, missing=missing)
