from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.real_set.listed_videos import ListedVideos, RealVideo
from vfmodel.evaluation.real_set.real_clips import real_clips
from vfmodel.evaluation.shapes_prompts import draw_prompts


def listed(count):
    videos = tuple(
        RealVideo(name=f"v{i:02d}", path=Path(f"{i}.mp4") if i % 4 else None) for i in range(count)
    )
    return ListedVideos(
        dataset="folder", split="all", videos=videos, num_expected=0, skipped=Counter()
    )


def with_clips(name, num_clips):
    protocol = find_protocol(name)
    return replace(protocol, real=replace(protocol.real, num_clips=num_clips))


def test_more_adds_to_fewer_and_missing_files_are_not_chosen():
    few = {clip.name for clip in real_clips(with_clips("stylegan_v", 5), listed(40))}
    more = {clip.name for clip in real_clips(with_clips("stylegan_v", 20), listed(40))}
    assert len(few) == 5
    assert few < more
    assert all(int(name[1:]) % 4 for name in more)
    assert len(real_clips(with_clips("stylegan_v", 99), listed(40))) == 30


def test_shapes_are_rendered_each_its_own():
    clips = real_clips(with_clips("shapes", 4), None)
    prompts = draw_prompts(4, 1, 7 / 4.0)
    for clip, prompt in zip(clips, prompts, strict=True):
        assert torch.equal(clip.read(), prompt.render(8, 4.0, 96, 176))


def test_a_dataset_that_is_needed_is_asked_for():
    with pytest.raises(InputError, match=r"stylegan_v compares with folder: .* --real"):
        real_clips(find_protocol("stylegan_v"), None)
