"""A protocol is its fields: any other value is another digest, any other key is refused."""

from dataclasses import asdict, replace

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.protocol import FrameRule, PromptRule, Protocol, RealRule

FIELDS = {
    "name": "mine",
    "version": 2,
    "about": "a test",
    "prompts": {"source": "one_caption", "num_samples": 5},
    "real": {"dataset": "webvid", "num_clips": 7},
    "frames": {"num_frames": 8, "fps": 4.0, "fit": ["resize 8x8 area"]},
    "metrics": ["fvd"],
}


def test_fields_are_read():
    protocol = Protocol.from_fields(FIELDS)
    assert protocol.frames == FrameRule(num_frames=8, fps=4.0, fit=("resize 8x8 area",))
    assert protocol.real.split == "all"
    assert protocol.metrics == ("fvd",)


def test_the_digest_is_of_everything_but_the_words_about_it():
    protocol = Protocol.from_fields(FIELDS)
    assert protocol.digest == Protocol.from_fields(asdict(protocol)).digest
    assert replace(protocol, about="other words").digest == protocol.digest
    changed = [
        replace(protocol, version=3),
        replace(protocol, prompts=replace(protocol.prompts, seed=1)),
        replace(protocol, real=replace(protocol.real, num_clips=8)),
        replace(protocol, frames=replace(protocol.frames, stride=2)),
        replace(protocol, metrics=("clipsim",)),
        replace(protocol, captions_digest="x"),
        protocol.with_samples(6),
    ]
    assert len({protocol.digest, *(other.digest for other in changed)}) == 8
    assert protocol.label == f"mine@2:{protocol.digest}"


@pytest.mark.parametrize(
    ("place", "key", "value", "message"),
    [
        (None, "metric", [], "'metric'"),
        ("frames", "frame", 3, "'frame'"),
        ("frames", "fit", ["blur"], "'blur'"),
        ("frames", "num_frames", 0, "got 0, 1"),
        ("prompts", "source", "verse", "'verse'"),
        ("prompts", "num_samples", 0, "cannot be 0"),
        ("real", "dataset", "kinetics", "'kinetics'"),
        ("real", "split", "dev", "'dev'"),
        (None, "metrics", ["psnr"], "'psnr'"),
        (None, "metrics", [], "metrics is empty"),
        (None, "prompts", None, "must be a mapping, got None"),
        (None, "version", 0, "version >= 1"),
    ],
)
def test_mistakes_are_named(place, key, value, message):
    fields = {**FIELDS}
    if place is None:
        fields[key] = value
    else:
        fields[place] = {**FIELDS[place], key: value}
    with pytest.raises(InputError, match=message):
        Protocol.from_fields(fields)


def test_a_key_that_is_missing_is_named():
    with pytest.raises(InputError, match="num_clips"):
        Protocol.from_fields({**FIELDS, "real": {"dataset": "webvid"}})


def test_parts_check_themselves():
    with pytest.raises(InputError, match="num_clips"):
        RealRule(dataset="webvid", num_clips=0)
    with pytest.raises(InputError, match="'class_nouns'"):
        PromptRule(source="class_nouns", num_samples=3)
