import pytest
import torch

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig, StageConfig


def test_defaults_are_the_published_x4plus_settings():
    config = DegradationConfig()
    assert config.first.resize_range == (0.15, 1.5)
    assert config.first.resize_probs == (0.2, 0.7, 0.1)
    assert config.first.gaussian_range == (1, 30)
    assert config.second.blur_prob == 0.8
    assert config.second.sigma_range == (0.2, 1.5)
    assert config.second.resize_range == (0.3, 1.2)
    assert config.second.poisson_range == (0.05, 2.5)
    assert config.final_sinc_prob == 0.8
    assert config.scale == 4


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("blur_prob", 1.5),
        ("gray_prob", -0.1),
        ("family_probs", (0.5, 0.5, 0.5, 0.0, 0.0, 0.0)),
        ("resize_probs", (2.0, -1.0, 0.0)),
        ("resize_range", (0.5, 0.9)),
        ("resize_range", (0.0, 1.5)),
        ("sigma_range", (3.0, 0.2)),
        ("sigma_range", (0.0, 1.0)),
        ("gaussian_range", (-1.0, 3.0)),
        ("plateau_beta_range", (1.5, 2.0)),
        ("jpeg_range", (0.0, 95.0)),
        ("jpeg_range", (30.0, 101.0)),
    ],
)
def test_a_bad_knob_is_refused_by_name(knob, value):
    with pytest.raises(InputError, match=knob):
        StageConfig(**{knob: value})


def test_scale_and_final_probability_are_checked():
    with pytest.raises(InputError, match="scale must be at least 1, got 0"):
        DegradationConfig(scale=0)
    with pytest.raises(InputError, match="final_sinc_prob"):
        DegradationConfig(final_sinc_prob=2.0)


def test_light_keeps_the_blur_and_is_weaker_in_all_else():
    light, full = DegradationConfig.light(), DegradationConfig()
    for weak, strong in ((light.first, full.first), (light.second, full.second)):
        assert weak.sigma_range == strong.sigma_range
        assert weak.gaussian_range[1] < strong.gaussian_range[1]
        assert weak.poisson_range[1] < strong.poisson_range[1]
        assert weak.jpeg_range[0] > strong.jpeg_range[0]
        assert weak.resize_range[0] > strong.resize_range[0]


@pytest.mark.parametrize("name", ["realesrgan_x4plus", "light", "generator"])
def test_a_preset_has_a_name(name):
    assert DegradationConfig.preset(name) == getattr(DegradationConfig, name)()


def test_an_unknown_preset_is_refused_by_name():
    with pytest.raises(InputError, match="no degradation 'heavy'; there are realesrgan_x4plus, "):
        DegradationConfig.preset("heavy")


def test_the_generators_preset_leaves_the_harm_to_the_generator():
    own, light = DegradationConfig.generator(), DegradationConfig.light()
    assert own.reconstruct_prob == 1.0
    assert light.reconstruct_prob == 0.0
    for weak, strong in ((own.first, light.first), (own.second, light.second)):
        assert weak.sigma_range[1] <= strong.sigma_range[1]
        assert weak.gaussian_range[1] < strong.gaussian_range[1]
        assert weak.jpeg_range[0] > strong.jpeg_range[0]


def test_a_config_survives_a_safe_load(tmp_path):
    torch.save({"config": DegradationConfig.light()}, tmp_path / "c.pt")
    loaded = torch.load(tmp_path / "c.pt", weights_only=True)
    assert loaded["config"] == DegradationConfig.light()
