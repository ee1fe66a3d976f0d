import pytest

from hdvg.errors import InputError
from vfmodel.unet_config import SwapUNetConfig


def test_windows_and_roles_alternate_along_the_depth():
    config = SwapUNetConfig(first_query="spatial", window=(4, 6, 11))
    swaps = [config.swap(depth) for depth in range(2 * len(config.channels))]
    assert [swap.query for swap in swaps] == ["spatial", "temporal"] * len(config.channels)
    assert [swap.shift for swap in swaps] == [0, 2] * len(config.channels)
    assert [swap.channels for swap in swaps] == [*config.channels, *reversed(config.channels)]


def test_the_papers_size_is_stable_diffusions():
    config = SwapUNetConfig.paper()
    assert config.channels == (320, 640, 1280, 1280)
    assert [c // h for c, h in zip(config.channels, config.num_heads, strict=True)] == [64] * 4
    assert (config.num_frames, config.sample_height, config.sample_width) == (16, 24, 43)
    assert (config.sample_height, config.sample_width) == (192 / 8, 344 / 8)


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
        ({"fps": 0.0}, "fps must be > 0, got 0"),
        ({"norm_groups": 7}, "norm_groups 7 does not divide channels"),
        ({"window": (0, 6, 11)}, "window must be three sizes >= 1"),
    ],
)
def test_bad_sizes_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        SwapUNetConfig(**settings)
