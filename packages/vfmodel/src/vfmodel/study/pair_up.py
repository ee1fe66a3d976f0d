"""Makes pairs and attention checks of matched videos, under names that tell nothing."""

import random

from hdvg.errors import InputError
from vfmodel.study.match_videos import Matched, meetings
from vfmodel.study.study_folder import DAMAGED, MODELS, SAME, Clip, Pair


def pair_up(
    matched: Matched, *, first_only: bool, num_damaged: int, num_same: int, seed: int
) -> tuple[Pair, ...]:
    """All pairs, and the checks behind them.

    Args:
        matched: Who has a video of what.
        first_only: Whether only the first model meets the others.
        num_damaged: Checks whose second video is a damaged copy.
        num_same: Checks whose videos are copies of one.
        seed: Of names, and of what the checks are made from.

    Raises:
        InputError: The first model, which is to meet all others, meets nobody.
    """
    draw = random.Random(f"names {seed}")

    def name() -> str:
        return f"{draw.getrandbits(64):016x}"

    clips = {
        (videos.model, case): Clip(
            name=name(), model=videos.model, source=path.relative_to(videos.folder).as_posix()
        )
        for videos in matched.models
        for case, path in sorted(videos.files.items())
    }
    met = meetings(matched.models)
    if first_only:
        met = [meeting for meeting in met if meeting[1] is matched.models[0]]
    if not met:
        raise InputError(f"{matched.models[0].model} shares no prompt with any other model")
    pairs = [
        Pair(
            kind=MODELS,
            prompt=case.prompt,
            sample=case.sample,
            first=clips[one.model, case],
            second=clips[other.model, case],
        )
        for case, one, other in met
    ]
    kinds = [DAMAGED] * num_damaged + [SAME] * num_same
    shuffled = draw.sample(pairs, len(pairs))
    for index, kind in enumerate(kinds):
        about = shuffled[index % len(shuffled)]
        real = draw.choice((about.first, about.second))
        pairs.append(
            Pair(
                kind=kind,
                prompt=about.prompt,
                sample=about.sample,
                # Copies of their own: files that come back would give the check away.
                first=Clip(name=name(), model=real.model, source=real.source),
                second=Clip(name=name(), model=real.model, source=real.source),
            )
        )
    return tuple(pairs)
