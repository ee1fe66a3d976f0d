"""The folder of a study: `study.json`, which is the key to it, and `public/`, which raters see."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hdvg.errors import InputError

STUDY_FILE = "study.json"
VOTES_FILE = "votes.sqlite"
PUBLIC = "public"
PAGE_FILE = "index.html"
MEDIA = "media"

_FORMAT = "vfmodel-study"
_VERSION = 1

MODELS = "models"
"""Kind of a pair that compares two models."""
DAMAGED = "damaged"
"""Kind of a check whose second video is the first one, damaged."""
SAME = "same"
"""Kind of a check whose videos are the same."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video of the study.

    Attributes:
        name: Its file's stem under `public/media`, which tells nothing.
        model: Whose it is.
        source: The file that it was made from, relative to the model's folder.
    """

    name: str
    model: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two videos of the same prompt.

    Attributes:
        kind: `MODELS`, or a check: `DAMAGED`, `SAME`.
        prompt: The text.
        sample: Which of the models' videos of it.
        first: One video.
        second: The other one.
    """

    kind: str
    prompt: str
    sample: int
    first: Clip
    second: Clip


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A pair as one rater sees it.

    Attributes:
        pair: Number of the pair in the study.
        swapped: Whether its second video stands on the left.
    """

    pair: int
    swapped: bool


@dataclass(frozen=True, kw_only=True)
class Study:
    """All that is known of a study before the first vote.

    Attributes:
        study_id: Digest of everything below.
        seed: What order, sides and names were drawn from.
        title: What the page is called.
        models: Names in the order given.
        folders: Where the videos of each came from.
        width: Of all videos, in pixels.
        height: Of all videos, in pixels.
        fps: Of all videos, frames per second.
        pairs: All pairs, checks among them.
        sheets: What each rater sees, in order.
        cropped: Model to the largest part of a picture that was cut off, in [0, 1).
        lost: Model to reason to files that could not be used.
    """

    study_id: str = ""
    seed: int
    title: str
    models: tuple[str, ...]
    folders: tuple[str, ...]
    width: int
    height: int
    fps: float
    pairs: tuple[Pair, ...]
    sheets: tuple[tuple[Trial, ...], ...]
    cropped: dict[str, float]
    lost: dict[str, dict[str, list[str]]]

    def shown(self, trial: Trial) -> tuple[Clip, Clip]:
        """The clips on the left and on the right."""
        pair = self.pairs[trial.pair]
        return (pair.second, pair.first) if trial.swapped else (pair.first, pair.second)


def name_study(study: Study) -> Study:
    """The study with the id that its content gives it."""
    content = json.dumps(_as_json(replace(study, study_id="")), sort_keys=True)
    return replace(study, study_id=sha256(content.encode()).hexdigest()[:16])


def save_study(study: Study, folder: Path) -> Path:
    """Writes the key."""
    path = folder / STUDY_FILE
    head = {"format": _FORMAT, "schema_version": _VERSION}
    path.write_text(json.dumps(head | _as_json(study), indent=1) + "\n", encoding="utf-8")
    return path


def load_study(folder: Path) -> Study:
    """Reads the key.

    Raises:
        InputError: Not a study's folder, another version, or a damaged key.
    """
    path = folder / STUDY_FILE
    if not path.is_file():
        raise InputError(f"not a study's folder, it has no {STUDY_FILE}: {folder}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        head = (content.pop("format"), content.pop("schema_version"))
        if head != (_FORMAT, _VERSION):
            raise InputError(f"{path} is {head[0]} version {head[1]}, not {_FORMAT} {_VERSION}")
        study = _from_json(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is damaged: {error!r}") from error
    if name_study(study).study_id != study.study_id:
        raise InputError(f"{path} was changed after it was built")
    return study


def _as_json(study: Study) -> dict[str, Any]:
    content = asdict(study)
    # Thousands of trials: one line a sheet's worth of small lists instead of objects.
    content["sheets"] = [[[t.pair, int(t.swapped)] for t in sheet] for sheet in study.sheets]
    content["models"], content["folders"] = list(study.models), list(study.folders)
    content["pairs"] = list(content["pairs"])
    return content


def _from_json(content: dict[str, Any]) -> Study:
    pairs = tuple(
        Pair(**pair | {side: Clip(**pair[side]) for side in ("first", "second")})
        for pair in content.pop("pairs")
    )
    sheets = tuple(
        tuple(Trial(pair=number, swapped=bool(swapped)) for number, swapped in sheet)
        for sheet in content.pop("sheets")
    )
    models, folders = tuple(content.pop("models")), tuple(content.pop("folders"))
    study = Study(**content, models=models, folders=folders, pairs=pairs, sheets=sheets)
    for sheet in sheets:
        for trial in sheet:
            study.shown(trial)
    return study
