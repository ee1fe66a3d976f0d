"""Counts of the papers, shares by brute force, and choices that do not move."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.class_captions import own_captions
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.plan_samples import plan_samples, seed_of, shapes_asked, spread
from vfmodel.evaluation.real_set.listed_videos import ListedVideos, RealVideo


def listed(videos):
    return ListedVideos(
        dataset="x", split="all", videos=tuple(videos), num_expected=0, skipped=Counter()
    )


def described(count, captions=3):
    return listed(
        RealVideo(name=f"video{i}", path=None, captions=tuple(f"{i}: {n}" for n in range(captions)))
        for i in range(count)
    )


def test_a_hundred_of_each_class():
    samples = plan_samples(find_protocol("ucf101_videofactory"), None, own_captions())
    assert len(samples) == len({s.name for s in samples}) == 10100
    assert len({s.seed for s in samples}) == 10100
    assert set(Counter(s.prompt for s in samples).values()) == {100}
    assert (samples[0].name, samples[-1].name) == ("ApplyEyeMakeup_000", "YoYo_099")
    assert all(0 <= s.seed < 2**63 for s in samples)


def test_as_many_of_each_class_as_the_dataset_has():
    classes = list(own_captions())
    videos = [
        RealVideo(name=f"{c}{i}", path=Path("x"), label=c)
        for number, c in enumerate(classes)
        for i in range(1 + number % 3)
    ]
    protocol = find_protocol("ucf101_svd").with_samples(len(videos))
    samples = plan_samples(protocol, listed(videos), own_captions())
    counts = Counter(s.name.rsplit("_", 1)[0] for s in samples)
    assert counts == Counter(v.label for v in videos)


def test_one_caption_of_each_video():
    protocol = find_protocol("msrvtt_videofactory")
    samples = plan_samples(protocol, described(40), {})
    assert [s.name for s in samples] == sorted(f"video{i}" for i in range(40))
    chosen = {s.name: s.prompt for s in samples}
    assert all(text.startswith(f"{name[5:]}: ") for name, text in chosen.items())
    assert len({text[-1] for text in chosen.values()}) == 3
    # Another set of videos does not move the choice.
    fewer = {s.name: s.prompt for s in plan_samples(protocol, described(20), {})}
    assert fewer.items() <= chosen.items()
    other = replace(protocol, prompts=replace(protocol.prompts, seed=1))
    assert {s.name: s.prompt for s in plan_samples(other, described(40), {})} != chosen


def test_a_larger_number_adds_to_a_smaller_one():
    protocol = find_protocol("msrvtt_videofactory")
    few = plan_samples(protocol.with_samples(5), described(40), {})
    more = plan_samples(protocol.with_samples(9), described(40), {})
    assert len(few) == 5
    assert {s.name for s in few} < {s.name for s in more}


def test_every_caption():
    samples = plan_samples(find_protocol("msrvtt_every_caption"), described(4), {})
    assert len(samples) == 12
    assert samples[0].name == "video0_00"


def test_shapes():
    protocol = find_protocol("shapes").with_samples(6)
    samples = plan_samples(protocol, None, {})
    assert [s.prompt for s in samples] == [p.text for p in shapes_asked(protocol)]
    assert [p.unseen for p in shapes_asked(protocol)] == [False, True] * 3


def test_videos_that_are_there_are_not_planned():
    assert plan_samples(find_protocol("stylegan_v"), None, {}) == []


@pytest.mark.parametrize("name", ["msrvtt_videofactory", "ucf101_svd"])
def test_prompts_from_a_dataset_need_it(name):
    with pytest.raises(InputError, match=f"{name} takes its prompts from"):
        plan_samples(find_protocol(name), None, own_captions())


@pytest.mark.parametrize("total", [0, 1, 7, 10, 10_000])
def test_shares_are_whole_and_never_off_by_one(total):
    counts = {"a": 3, "b": 5, "c": 0, "d": 11}
    shares = spread(counts, total)
    assert sum(shares.values()) == total
    for name, share in shares.items():
        assert abs(share - Fraction(counts[name] * total, 19)) < 1


def test_seeds_are_digests():
    import hashlib

    want = int(hashlib.sha256(b"4/video7").hexdigest()[:16], 16) >> 1
    assert seed_of(4, "video7") == want
