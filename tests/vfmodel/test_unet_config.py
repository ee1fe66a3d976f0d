import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hdvg.errors import InputError
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.unet_config import SwapUNetConfig


def test_windows_and_roles_alternate_along_the_depth():
    config = SwapUNetConfig(first_query="spatial", window=(4, 6, 11))
    swaps = [config.swap(depth) for depth in range(2 * len(config.channels))]
    assert [swap.query for swap in swaps] == ["spatial", "temporal"] * len(config.channels)
    fixed = replace(config, swap_roles="fixed")
    assert {fixed.swap(depth).query for depth in range(6)} == {"spatial"}
    assert [fixed.swap(depth).shift for depth in range(6)] == [swap.shift for swap in swaps]
    assert [swap.shift for swap in swaps] == [0, 2] * len(config.channels)
    assert [swap.channels for swap in swaps] == [*config.channels, *reversed(config.channels)]


def test_the_defaults_are_the_sizes_of_the_model_that_ships():
    shipped = json.loads((Path(STAND_IN_PIPELINE) / "unet" / "config.json").read_text())
    sizes = {key: value for key, value in shipped.items() if not key.startswith("_")}
    asked = SwapUNetConfig.from_fields(sizes)
    assert replace(asked, frame_text=False, fps=8.0) == SwapUNetConfig()


def test_the_papers_size_is_stable_diffusions():
    config = SwapUNetConfig.paper()
    assert config.channels == (320, 640, 1280, 1280)
    assert [c // h for c, h in zip(config.channels, config.num_heads, strict=True)] == [64] * 4
    assert (config.num_frames, config.sample_height, config.sample_width) == (16, 24, 43)
    assert (config.sample_height, config.sample_width) == (192 / 8, 344 / 8)


def test_the_papers_yaml_has_the_papers_sizes():
    path = Path(__file__).parents[2] / "configs" / "vfmodel" / "videofactory.yaml"
    sizes = yaml.safe_load(path.read_text())["model"]["unet"]
    paper, asked = SwapUNetConfig.paper(), SwapUNetConfig.from_fields(sizes)
    sampled = ("sample_height", "sample_width", "num_frames")
    assert replace(asked, **{name: getattr(paper, name) for name in sampled}) == paper


def test_swap_can_have_heads_feed_forward_and_shift_of_its_own():
    config = SwapUNetConfig(
        swap_num_heads=(2, 4, 5), swap_feed_forward_mult=0, shift=1, window=(4, 6, 11)
    )
    swaps = [config.swap(depth) for depth in range(6)]
    assert [swap.num_heads for swap in swaps] == [2, 4, 5, 5, 4, 2]
    assert [swap.shift for swap in swaps] == [0, 1] * 3
    assert {swap.feed_forward_mult for swap in swaps} == {0}
    block = config.block(1, (64,))
    assert (block.num_heads, block.temporal_attention.feed_forward_mult) == (2, 2)


def test_the_entry_attention_is_as_many_first_level_heads_wide():
    assert SwapUNetConfig().entry_attention() is None
    entry = SwapUNetConfig.paper().entry_attention()
    assert (entry.channels, entry.num_heads, entry.inner) == (320, 8, 8 * 64)


def test_fields_come_from_json_and_unknown_ones_are_named():
    config = SwapUNetConfig.from_fields({"channels": [32, 64, 96], "window": [4, 6, 11]})
    assert config.channels == (32, 64, 96)
    with pytest.raises(InputError, match=r"unknown U-Net setting 'chanels' = \[1\]"):
        SwapUNetConfig.from_fields({"chanels": [1]})


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"num_heads": (1, 2)}, r"num_heads \(1, 2\)"),
        ({"attention_levels": (True,)}, r"attention_levels \(True,\)"),
        ({"layers_per_block": 0}, "layers_per_block must be >= 1, got 0"),
        ({"swap_num_heads": (1,)}, r"swap_num_heads \(1,\)"),
        ({"swap_num_heads": (1, 2, 3)}, "num_heads 3 does not divide channels 80"),
        ({"shift": 4}, r"shift 4 is outside 0\.\.3"),
        ({"swap_feed_forward_mult": -1}, "feed_forward_mult must be >= 0, got -1"),
        (
            {"temporal_self_attentions": 3},
            r"temporal_self_attentions must be one of \(1, 2\), got 3",
        ),
        ({"entry_attention_heads": -1}, "entry_attention_heads must be >= 0, got -1"),
        ({"fps": 0.0}, "fps must be > 0, got 0"),
        ({"norm_groups": 7}, "norm_groups 7 does not divide channels"),
        ({"window": (0, 6, 11)}, "window must be three sizes >= 1"),
    ],
)
def test_bad_sizes_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        SwapUNetConfig(**settings)
