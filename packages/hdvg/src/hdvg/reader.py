"""`ClipDataset`: random access to the clips of a dataset, as fixed-size windows of frames.

A window is `num_frames` times, 1/fps apart, on the clip's own clock; each time gives the frame that
is on screen then. So a clip of any frame rate, constant or not, plays at its true speed.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hdvg.catalogue import Catalogue
from hdvg.choose_caption import Captions, weigh_families
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.decoding.backend import choose_backend
from hdvg.errors import InputError
from hdvg.read_clip import clip_bytes, decode_clip
from hdvg.storage import DamagedFileError, MissingFileError

# What sets the draw of a caption apart from that of the window's start.
_CAPTION = 1
# Times are rationals rounded to floats.
_TIME_SLACK_S = 1e-6


class ClipItem(TypedDict):
    """One window of a clip."""

    video: npt.NDArray[np.uint8]  # RGB [T, 3, height, width], 0..255
    caption: str  # "" when the family has none for this clip
    clip_id: str
    fps: float  # of the window, as asked for


@dataclass(eq=False)
class ClipDataset:
    """A map-style dataset of video windows; made for `torch.utils.data.DataLoader`, needs no torch.

    Only committed units are read. Workers may be forked or spawned: no file stays open between
    items, and pickling carries the table of clips. Order: units by name, clips as in their table.

    Raises:
        InputError: Not a dataset, nothing committed in it, no clip long enough, an unknown caption
            family, a backend that is not there, or a size, rate or count that is not positive.
    """

    root: str | os.PathLike[str]
    """Dataset folder or fsspec URL."""
    _: KW_ONLY
    num_frames: int = 8
    """Frames in a window."""
    fps: float = 8.0
    """Frames per second in a window."""
    height: int = 96
    """Height of the frames in pixels; what does not fit the aspect ratio is cropped centrally."""
    width: int = 176
    """Width of the frames in pixels."""
    captions: str | Mapping[str, float] | None = "alt_text"
    """Caption family, or several with the probability that a window is shown with each; None leaves
    every caption empty."""
    seed: int = 0
    """Decides, with epoch and index, where a random window starts and which caption is shown."""
    window: Literal["random", "centre"] = "random"
    """Where a window starts in its clip: anywhere that it fits, or so that it lies centrally."""
    min_duration_s: float | None = None
    """Shorter clips are left out. None: those in which the window does not fit. Clips that are kept
    although the window does not fit hold their last frame."""
    grid_fps: float | None = None
    """Windows then begin at multiples of 1 / grid_fps seconds, as those of latents do, whose frames
    were chosen beforehand. None: anywhere."""
    select: str | None = None
    """Which clips: the name of a selection (`hdvg select`), "hd_vg" for the paper's definition, or
    an expression such as "height >= 720 and 'dog' in caption". None: all."""
    backend: str = "auto"
    """What decodes: pyav, decord or torchcodec, which give the same frames; auto takes the fastest
    (`benchmarks/clip_reading.py`)."""
    max_broken: float = 0.0
    """Share of the units, in [0, 1), whose tables may be damaged. These are left out and named in
    `damage`; more of them refuse the dataset, as any do at 0."""
    damage: dict[str, str] = field(init=False, repr=False)
    """What is wrong with each unit that was left out."""
    rows: pa.Table = field(init=False, repr=False)
    """The clips, in the order of the indices, with the columns of the clips table."""
    num_left_out: int = field(init=False, repr=False)
    """How many of the selected clips were too short."""

    def __post_init__(self) -> None:
        self._check_sizes()
        self._storage, _ = open_dataset(self.root)
        self._epoch = 0
        clips, self._captions = self._read_tables()
        needed_s = self.window_s if self.min_duration_s is None else self.min_duration_s
        # Half a frame at 60 fps: an encoder's rounding must not cost a clip.
        kept = np.flatnonzero(_durations(clips) >= needed_s - 1 / 120)
        if not len(kept):
            raise InputError(
                f"none of the {len(clips)} clips in {self.root} lasts {needed_s:g} s"
                f" ({self.num_frames} frames at {self.fps:g} fps)"
            )
        self.num_left_out = len(clips) - len(kept)
        self.rows = clips.take(pa.array(kept)).combine_chunks()
        self._durations_s = _durations(self.rows)
        self._backend = choose_backend(self.backend, self.rows["codec"].unique().to_pylist())

    @property
    def window_s(self) -> float:
        """How long a window lasts in seconds, its last frame's display time included."""
        return self.num_frames / self.fps

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> ClipItem:
        clip_id = self._row(index)["clip_id"]
        video = self.frames(index, self.frame_times_s(index), self.width, self.height)
        fps = float(self.fps)
        return {"video": video, "caption": self.caption(index), "clip_id": clip_id, "fps": fps}

    def set_epoch(self, epoch: int) -> None:
        """Draws new random windows. Call it before the workers of an epoch start."""
        self._epoch = epoch

    def caption(self, index: int) -> str:
        """The caption that a window is shown with; a pure function of (seed, epoch, index)."""
        clip_id = self._row(index)["clip_id"]
        return self._captions.choose(clip_id, self._draw(index, _CAPTION))

    def frame_times_s(self, index: int) -> list[float]:
        """When each frame of the window is taken, in seconds from the clip's first frame.

        A pure function of (seed, epoch, index) and the clip's duration.
        """
        slack_s = max(0.0, float(self._durations_s[self._checked(index)]) - self.window_s)
        where = 0.5
        if self.window == "random":
            where = self._draw(index)
        start_s = where * slack_s
        if self.grid_fps is not None:
            # Each point of the grid that the window can begin at is as likely as the others.
            num_starts = 1 + int((slack_s + _TIME_SLACK_S) * self.grid_fps)
            start_s = int(where * num_starts) / self.grid_fps
        return [start_s + k / self.fps for k in range(self.num_frames)]

    def frames(
        self, index: int, times_s: Sequence[float], width: int, height: int
    ) -> npt.NDArray[np.uint8]:
        """The frames of a clip that are on screen at some times, without black bars.

        Args:
            index: Of the clip.
            times_s: Ascending times in seconds from the clip's first frame; past its end is the
                last one.
            width: Of the result in pixels; what does not fit the aspect ratio is cropped centrally.
            height: Of the result in pixels.

        Returns:
            RGB [len(times_s), 3, height, width].

        Raises:
            InputError: The clip's file is damaged.
        """
        row = self._row(index)
        try:
            content = clip_bytes(self._storage, row)
            return decode_clip(content, row, times_s, width, height, self._backend)
        except InputError as error:
            raise InputError(f"clip {row['clip_id']} cannot be read: {error}") from error

    def clip_bytes(self, index: int) -> bytes:
        """The clip's file as it lies in the shard, checked against its digest."""
        return clip_bytes(self._storage, self._row(index))

    def _draw(self, index: int, *purpose: int) -> float:
        """A number from [0, 1), a pure function of (seed, epoch, index, purpose)."""
        words = [self.seed, self._epoch, self._checked(index), *purpose]
        return float(np.random.default_rng(words).random())

    def _row(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = self.rows.slice(self._checked(index), 1).to_pylist()[0]
        return row

    def _checked(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        return index % len(self)

    def _read_tables(self) -> tuple[pa.Table, Captions]:
        """The chosen clips and their captions, of the units that can be read."""
        catalogue = Catalogue(self._storage)
        families = weigh_families(self.captions)
        self.damage = {}
        try:
            return _load(catalogue, families, self.select)
        except (DamagedFileError, MissingFileError) as error:
            if not self.max_broken:
                raise
            # Looked for only now: what is sound need not be read twice.
            read = ["clips/", *(f"captions/{family}/" for family in families)]
            if self.select is not None:
                read += ["captions/", "scores/", "videos/"]
            num_units = len(catalogue.units(BUILD))
            self.damage = catalogue.drop_damaged(tuple(read))
            if len(self.damage) > self.max_broken * num_units:
                raise InputError(
                    f"{len(self.damage)} of {num_units} units in {self.root} are damaged, more than"
                    f" max_broken {self.max_broken:g} allows; the first: {error}"
                ) from error
        return _load(catalogue, families, self.select)

    def _check_sizes(self) -> None:
        if not 0 <= self.max_broken < 1:
            raise InputError(f"max_broken must be in [0, 1), got {self.max_broken}")
        for name in ("num_frames", "fps", "height", "width", "grid_fps"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name} must be positive, got {value}")
        if self.window not in ("random", "centre"):
            raise InputError(f"window must be 'random' or 'centre', got {self.window!r}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")


def _load(
    catalogue: Catalogue, families: dict[str, float], select: str | None
) -> tuple[pa.Table, Captions]:
    clips = _read_clips(catalogue)
    if select is not None:
        clips = _choose(catalogue, clips, select)
    return clips, _read_captions(catalogue, families)


def _read_clips(catalogue: Catalogue) -> pa.Table:
    if not catalogue.files("clips/"):
        raise InputError(f"the dataset has no committed clips: {catalogue.storage.root}")
    clips = catalogue.table("clips")
    if not len(clips):
        root = catalogue.storage.root
        raise InputError(f"the dataset has no clips, every video failed: {root}")
    return clips


def _choose(catalogue: Catalogue, clips: pa.Table, select: str) -> pa.Table:
    from hdvg.select.selection import clip_mask  # only those who select pay for it

    chosen = clips.filter(pa.array(clip_mask(catalogue, select, clips)))
    if not len(chosen):
        raise InputError(
            f"{select!r} chooses none of the {len(clips)} clips in {catalogue.storage.root}"
        )
    return chosen


def _durations(clips: pa.Table) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = clips["end_s"].to_numpy() - clips["start_s"].to_numpy()
    return seconds


def _read_captions(catalogue: Catalogue, probabilities: dict[str, float]) -> Captions:
    texts = {}
    for family in probabilities:
        table = catalogue.family("captions", family)
        pairs = zip(table["clip_id"].to_pylist(), table["text"].to_pylist(), strict=True)
        texts[family] = dict(pairs)
    return Captions(texts, probabilities)
