import sys

import pytest

from hdvg.captioning.blip2 import Blip2Captioner
from hdvg.captioning.captioner import (
    STAND_IN,
    CaptionerConfig,
    check_installed,
    describe_captioner,
    load_captioner,
)
from hdvg.errors import InputError


@pytest.mark.parametrize(
    ("asked", "has_gpu", "wanted"),
    [
        ({}, False, ("cpu", "fp32")),
        ({}, True, ("cuda", "bf16")),
        ({"device": "cpu"}, True, ("cpu", "fp32")),
        ({"dtype": "fp32"}, True, ("cuda", "fp32")),
        ({"device": "cuda"}, False, ("cuda", "bf16")),
    ],
)
def test_device_and_dtype_are_settled(asked, has_gpu, wanted):
    config = CaptionerConfig(model="a/b", prompt="p", num_beams=3, **asked)
    settled = config.settle(has_gpu=has_gpu)
    assert (settled.device, settled.dtype) == wanted
    assert (settled.model, settled.prompt, settled.num_beams) == ("a/b", "p", 3)
    assert settled.settle(has_gpu=not has_gpu) == settled


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"num_beams": 0}, "num_beams"), ({"max_new_tokens": -1}, "-1")],
)
def test_wrong_values_are_named(wrong, named):
    with pytest.raises(InputError, match=named):
        CaptionerConfig(**wrong)


def test_what_is_not_installed_is_named(monkeypatch):
    check_installed()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"transformers: pip install 'hdvg\[caption\]'"):
        check_installed()


def test_a_description_changes_with_all_that_captions_depend_on():
    config = CaptionerConfig(model=STAND_IN, device="cpu", dtype="fp32")
    base = describe_captioner(config)
    assert (base["model"], base["backend"]) == ("blip2", "transformers")
    changes = ({"prompt": "a photo of"}, {"num_beams": 2}, {"max_new_tokens": 9}, {"dtype": "bf16"})
    for change in changes:
        assert describe_captioner(CaptionerConfig(**(vars(config) | change))) != base


def test_the_default_is_the_shipped_one_and_loads():
    config = CaptionerConfig().settle(has_gpu=False)
    revision = describe_captioner(config)["revision"]
    assert isinstance(load_captioner(config, revision), Blip2Captioner)
