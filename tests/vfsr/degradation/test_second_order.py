import pytest
import torch

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig, StageConfig
from vfsr.degradation.params import sample_params
from vfsr.degradation.second_order import degrade


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 20), (64, 48), (96, 100)])
def test_shape_range_and_grid(height, width):
    lr = degrade(torch.rand(5, 3, height, width), generator=generator())
    assert lr.shape == (5, 3, height // 4, width // 4)
    assert lr.min() >= 0
    assert lr.max() <= 1
    levels = (lr * 255).round()
    assert torch.equal(lr, levels / 255)


def test_equal_generators_give_equal_bits():
    hr = torch.rand(6, 3, 64, 64)
    one, again, other = (degrade(hr, generator=generator(s)) for s in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_an_image_does_not_depend_on_its_batch():
    hr = torch.rand(6, 3, 48, 64)
    params = sample_params(generator(3), 6, DegradationConfig())
    together = degrade(hr, params)
    for i in range(6):
        alone = degrade(hr[i : i + 1], params.take(slice(i, i + 1)))
        assert torch.equal(alone[0], together[i])


def test_the_same_image_is_degraded_differently_within_a_batch():
    hr = torch.rand(1, 3, 64, 64).expand(4, -1, -1, -1)
    lr = degrade(hr, generator=generator())
    for i in range(4):
        for j in range(i):
            assert not torch.equal(lr[i], lr[j])


def test_the_input_is_left_alone():
    hr = torch.rand(2, 3, 32, 32)
    before = hr.clone()
    degrade(hr, generator=generator())
    assert torch.equal(hr, before)


def test_nothing_but_shrinking_when_everything_is_switched_off():
    idle = StageConfig(
        blur_prob=0.0,
        resize_probs=(0.0, 0.0, 1.0),
        gaussian_prob=1.0,
        gaussian_range=(0.0, 0.0),
        jpeg_range=(100.0, 100.0),
    )
    config = DegradationConfig(first=idle, second=idle, final_sinc_prob=0.0)
    smooth = torch.nn.functional.interpolate(
        0.3 + 0.4 * torch.rand(8, 1, 4, 4), size=(64, 64), mode="bicubic"
    ).clamp(0, 1)
    hr = smooth.expand(-1, 3, -1, -1)  # gray, so that chroma subsampling has nothing to lose
    lr = degrade(hr, generator=generator(), config=config)
    box = torch.nn.functional.interpolate(hr, size=(16, 16), mode="area")
    assert (lr - box).abs().max() < 3.5 / 255


def test_scale_is_the_configs():
    lr = degrade(torch.rand(1, 3, 32, 48), generator=generator(), config=DegradationConfig(scale=2))
    assert lr.shape == (1, 3, 16, 24)


def test_an_empty_batch_stays_empty():
    assert degrade(torch.rand(0, 3, 32, 32), generator=generator()).shape == (0, 3, 8, 8)


def test_bad_frames_are_refused_by_value():
    with pytest.raises(InputError, match="30x32"):
        degrade(torch.rand(1, 3, 30, 32), generator=generator())
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        degrade(torch.rand(1, 3, 32, 32) * 255, generator=generator())
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        degrade(torch.full((1, 3, 32, 32), torch.nan), generator=generator())


def test_drawing_and_applying_is_what_degrade_does():
    hr = torch.rand(4, 3, 32, 48)
    params = sample_params(generator(5), 4, DegradationConfig.light())
    at_once = degrade(hr, generator=generator(5), config=DegradationConfig.light())
    assert torch.equal(degrade(hr, params), at_once)


def test_all_presets_run_and_differ():
    hr = torch.rand(3, 3, 64, 64)
    configs = [DegradationConfig.realesrgan_x4plus(), DegradationConfig.light()]
    results = [degrade(hr, generator=generator(), config=config) for config in configs]
    own = DegradationConfig.generator()
    results.append(degrade(hr, generator=generator(), config=own, reconstruct=lambda x: x))
    assert not torch.equal(results[0], results[1])
    assert not torch.equal(results[1], results[2])


def test_the_model_sees_exactly_the_chosen_frames():
    seen = []

    def invert(frames):
        seen.append(frames)
        return 1.2 - frames  # partly out of range, off the grid

    hr = torch.rand(40, 3, 16, 16)
    plain = degrade(hr, generator=generator(1))
    config = DegradationConfig(reconstruct_prob=0.5)
    passed = degrade(hr, generator=generator(1), config=config, reconstruct=invert)
    chosen = sample_params(generator(1), 40, config).reconstruct
    assert 8 < chosen.sum() < 32
    assert torch.equal(passed[~chosen], plain[~chosen])
    assert torch.equal(torch.cat(seen), plain[chosen])
    expected = ((1.2 - plain[chosen]).clamp(0, 1) * 255).round() / 255
    assert torch.equal(passed[chosen], expected)


def test_gray_noise_is_independent_within_a_batch():
    noisy = StageConfig(
        blur_prob=0.0, resize_probs=(0.0, 0.0, 1.0), gaussian_prob=1.0,
        gaussian_range=(20.0, 20.0), gray_prob=1.0, jpeg_range=(100.0, 100.0),
    )  # fmt: skip
    config = DegradationConfig(first=noisy, second=noisy, final_sinc_prob=0.0)
    hr = torch.full((8, 3, 128, 128), 0.5)
    noise = degrade(hr, generator=generator(), config=config) - 0.5
    assert (noise[:, 0] - noise[:, 1]).std() < 0.2 * noise.std()  # gray, but for JPEG's rounding
    correlation = torch.corrcoef(noise.flatten(1)) - torch.eye(8)
    assert correlation.abs().max() < 4 / 32  # 32 x 32 pixels each


def test_a_missing_model_and_mixed_arguments_are_refused():
    hr = torch.rand(2, 3, 16, 16)
    with pytest.raises(InputError, match="reconstruct="):
        degrade(hr, generator=generator(), config=DegradationConfig.generator())
    with pytest.raises(InputError, match="params, or a generator"):
        degrade(hr)
    params = sample_params(generator(), 3, DegradationConfig())
    with pytest.raises(InputError, match="not both"):
        degrade(hr, params, generator=generator())
    with pytest.raises(InputError, match="params for 3 images cannot be applied to 2"):
        degrade(hr, params)
