"""Which videos can be compared: matched by prompt, whole, and not the same file."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path

from tqdm import tqdm

from hdvg.errors import InputError
from vfmodel.study.equalise import EqualFormat, VideoFacts, choose_format, measure_video
from vfmodel.study.find_videos import Case, ModelVideos


@dataclass(frozen=True, kw_only=True)
class Matched:
    """Videos that can be compared.

    Attributes:
        models: What each model has, without what was lost.
        facts: What each file is.
        form: What all are made to be.
    """

    models: tuple[ModelVideos, ...]
    facts: dict[Path, VideoFacts]
    form: EqualFormat


def draw_prompts(models: list[ModelVideos], count: int, seed: int) -> None:
    """Keeps `count` of the prompts that two models or more share; fewer where there are fewer.

    Videos of the others are no loss: nobody wanted them.
    """
    shared = {case.prompt for case, _, _ in meetings(models)}
    draw = random.Random(f"prompts {seed}")
    drawn = set(draw.sample(sorted(shared), min(count, len(shared))))
    for videos in models:
        for case in [case for case in videos.files if case.prompt not in drawn]:
            del videos.files[case]


def match_videos(models: list[ModelVideos]) -> Matched:
    """Leaves out what nobody can compare, by name, and chooses the common format.

    Raises:
        InputError: Nothing is left.
    """
    _leave_lone(models)
    facts: dict[Path, VideoFacts] = {}
    digests: dict[tuple[Case, bytes], str] = {}
    for videos in models:
        files = sorted(videos.files.items())
        for case, path in tqdm(files, f"decoding {videos.model}", leave=False, disable=None):
            reason = _examine(videos.model, case, path, facts, digests)
            if reason is not None:
                _lose(videos, case, reason)
    _leave_lone(models)
    usable = [videos for videos in models if videos.files]
    if not usable:
        reasons = {
            f"{videos.model}: {len(names)} {reason}"
            for videos in models
            for reason, names in videos.lost.items()
        }
        raise InputError(f"nothing can be compared ({'; '.join(sorted(reasons)) or 'no videos'})")
    form = choose_format([facts[path] for path in videos.files.values()] for videos in usable)
    return Matched(models=tuple(models), facts=facts, form=form)


def _leave_lone(models: list[ModelVideos]) -> None:
    counts = Counter(case for videos in models for case in videos.files)
    for videos in models:
        for case in sorted(videos.files):
            if counts[case] == 1:
                _lose(videos, case, "without a rival")


def _lose(videos: ModelVideos, case: Case, reason: str) -> None:
    path = videos.files.pop(case)
    videos.lost.setdefault(reason, []).append(path.relative_to(videos.folder).as_posix())


def _examine(
    model: str,
    case: Case,
    path: Path,
    facts: dict[Path, VideoFacts],
    digests: dict[tuple[Case, bytes], str],
) -> str | None:
    """Why a video cannot be used, or None; its facts are kept."""
    try:
        found = measure_video(path)
    except InputError:
        return "broken"
    digest = (case, sha256(path.read_bytes()).digest())
    if digest in digests:
        return f"the same file as {digests[digest]}'s"
    digests[digest] = model
    facts[path] = found
    return None


def meetings(
    models: Sequence[ModelVideos],
) -> list[tuple[Case, ModelVideos, ModelVideos]]:
    """Every case that two models share, with the two."""
    return [
        (case, one, other)
        for one, other in combinations(models, 2)
        for case in sorted(one.files.keys() & other.files.keys())
    ]
