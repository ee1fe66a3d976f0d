"""Builds a study: videos matched, made alike and renamed, pairs dealt, the page written."""

import os
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from hdvg.errors import InputError
from vfmodel.study.deal_sheets import deal_sheets
from vfmodel.study.equalise import damage, read_equal, share_cropped, write_equal
from vfmodel.study.find_videos import Case, find_videos
from vfmodel.study.match_videos import Matched, draw_prompts, match_videos
from vfmodel.study.page import draw_page
from vfmodel.study.pair_up import pair_up
from vfmodel.study.study_folder import (
    DAMAGED,
    MEDIA,
    MODELS,
    PAGE_FILE,
    PUBLIC,
    Study,
    name_study,
    save_study,
)

_MAX_MODELS = 20


@dataclass(frozen=True, kw_only=True)
class BuildConfig:
    """How a study is built."""

    title: str = "Which video is better?"
    """What the page is called; raters read it."""
    compare: str = "all"
    """Which models meet: all with all, or the first one with each other ("first"), as in the
    paper."""
    max_prompts: int | None = None
    """Draw this many of the common prompts; by default all are used."""
    pairs_a_rater: int = 30
    """Pairs that one rater is shown, beside the checks; about ten seconds each."""
    damaged_checks: int = 3
    """Attention checks with a damaged copy, which must lose in quality."""
    same_checks: int = 1
    """Attention checks with one video twice, which must tie in quality."""
    sheets: int = 100
    """Different orders that are dealt; more raters than this share them."""
    max_duration_s: float = 6.0
    """Videos are cut to this many seconds; the shorter one of a prompt cuts its rivals anyway."""
    seed: int | None = None
    """Of order, sides and names; by default one is drawn and recorded."""

    def __post_init__(self) -> None:
        if self.compare not in ("all", "first"):
            raise InputError(f"compare must be all or first, got {self.compare!r}")
        if not self.title.strip():
            raise InputError(f"title must not be empty, got {self.title!r}")
        for name, low, high in (
            ("pairs_a_rater", 1, 1000),
            ("damaged_checks", 0, 20),
            ("same_checks", 0, 20),
            ("sheets", 1, 10_000),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} must be in {low}..{high}, got {getattr(self, name)}")
        if self.max_prompts is not None and self.max_prompts < 1:
            raise InputError(f"max_prompts must be 1 or more, got {self.max_prompts}")
        if not 0.1 <= self.max_duration_s <= 60:
            raise InputError(f"max_duration_s must be in 0.1..60, got {self.max_duration_s}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise InputError(f"seed must be in 0..2**63 - 1, got {self.seed}")


def build_study(folders: Mapping[str, Path], out: Path, config: BuildConfig) -> Study:
    """Builds the folder of a study; it appears under its name when it is whole.

    Args:
        folders: Model names to folders of their videos, see `find_videos`; two or more.
        out: A folder that does not exist yet.
        config: How.

    Raises:
        InputError: Less than two models, nothing that can be compared, or `out` exists.
    """
    _refuse_folders(folders, out)
    seed = random.SystemRandom().randrange(2**63) if config.seed is None else config.seed
    models = [find_videos(name, folder) for name, folder in folders.items()]
    if config.max_prompts is not None:
        draw_prompts(models, config.max_prompts, seed)
    matched = match_videos(models)
    pairs = pair_up(
        matched,
        first_only=config.compare == "first",
        num_damaged=config.damaged_checks,
        num_same=config.same_checks,
        seed=seed,
    )
    numbers = range(len(pairs))
    study = name_study(
        Study(
            seed=seed,
            title=" ".join(config.title.split()),
            models=tuple(folders),
            folders=tuple(str(folder) for folder in folders.values()),
            width=matched.form.width,
            height=matched.form.height,
            fps=matched.form.fps,
            pairs=pairs,
            sheets=deal_sheets(
                [number for number in numbers if pairs[number].kind == MODELS],
                [number for number in numbers if pairs[number].kind != MODELS],
                num_sheets=config.sheets,
                pairs_a_sheet=config.pairs_a_rater,
                seed=seed,
            ),
            cropped={
                videos.model: max(
                    share_cropped(matched.facts[path], matched.form)
                    for path in videos.files.values()
                )
                for videos in matched.models
                if videos.files
            },
            lost={videos.model: videos.lost for videos in matched.models if videos.lost},
        )
    )
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        _write(study, matched, config, partial)
        partial.rename(out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return study


def _write(study: Study, matched: Matched, config: BuildConfig, folder: Path) -> None:
    media = folder / PUBLIC / MEDIA
    media.mkdir(parents=True)
    by_name = {videos.model: videos for videos in matched.models}
    pairs = tqdm(study.pairs, "encoding pairs", leave=False, disable=None)
    for number, pair in enumerate(pairs):
        case = Case(pair.prompt, pair.sample)
        rivals = [
            matched.facts[v.files[case]].duration_s for v in matched.models if case in v.files
        ]
        duration_s = min(config.max_duration_s, *rivals)
        for clip in (pair.first, pair.second):
            target = media / f"{clip.name}.mp4"
            if target.exists():
                continue
            frames = read_equal(by_name[clip.model].folder / clip.source, matched.form, duration_s)
            if pair.kind == DAMAGED and clip is pair.second:
                frames = damage(frames, seed=study.seed + number)
            write_equal(target, frames, matched.form.fps)
    save_study(study, folder)
    (folder / PUBLIC / PAGE_FILE).write_text(draw_page(study), encoding="utf-8")


def _refuse_folders(folders: Mapping[str, Path], out: Path) -> None:
    if not 2 <= len(folders) <= _MAX_MODELS:
        raise InputError(f"a study compares 2..{_MAX_MODELS} models, got {len(folders)}")
    places: dict[Path, str] = {}
    for name, folder in folders.items():
        place = folder.resolve()
        if place in places:
            raise InputError(f"{places[place]} and {name} are the same folder: {folder}")
        places[place] = name
    if out.exists():
        raise InputError(f"a study is built into a new folder, and this exists: {out}")
