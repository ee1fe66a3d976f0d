import torch

from hdvg.errors import InputError
from vfmodel.evaluation.real_set.real_clips import Clip
from vfmodel.evaluation.score_clips import show_clips


def clip(name, frames=None):
    def read():
        if frames is None:
            raise InputError(f"cannot\nread {name}")
        return frames

    return Clip(name=name, prompt=f"prompt of {name}", read=read)


def test_one_that_is_broken_takes_no_other_down():
    seen = []

    def judge(frames, prompt):
        if len(frames) < 2:
            raise InputError("too short")
        seen.append(prompt)

    clips = [
        clip("a", torch.zeros(2, 3, 4, 4, dtype=torch.uint8)),
        clip("b"),
        clip("c", torch.zeros(1, 3, 4, 4, dtype=torch.uint8)),
        clip("d", torch.zeros(2, 3, 4, 4, dtype=torch.uint8)),
    ]
    assert show_clips(clips, [judge]) == {"b": "cannot read b", "c": "too short"}
    assert seen == ["prompt of a", "prompt of d"]
