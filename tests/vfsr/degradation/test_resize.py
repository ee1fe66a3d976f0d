import numpy as np
import pytest
import torch
from PIL import Image

from vfsr.degradation.params import RESIZE_MODES
from vfsr.degradation.resize import resize_image, scaled_size

AREA, BILINEAR, BICUBIC = range(3)


@pytest.mark.parametrize("size", [(16, 24), (17, 23), (40, 60), (1, 1)])
@pytest.mark.parametrize("mode", range(3))
def test_a_constant_stays_itself(size, mode):
    image = torch.full((3, 32, 48), 0.37)
    result = resize_image(image, size, mode)
    assert result.shape == (3, *size)
    assert torch.allclose(result, torch.full_like(result, 0.37), atol=1e-6)


def test_area_keeps_the_mean():
    image = torch.rand(3, 48, 60)
    result = resize_image(image, (12, 15), AREA)
    assert torch.allclose(result.mean(dim=(1, 2)), image.mean(dim=(1, 2)), atol=1e-6)
    box = image.reshape(3, 12, 4, 15, 4).mean(dim=(2, 4))
    assert torch.allclose(result, box, atol=1e-6)


def test_bilinear_enlarging_agrees_with_pillow():
    plane = torch.rand(20, 30)
    result = resize_image(plane.expand(3, -1, -1), (40, 60), BILINEAR)[0]
    picture = Image.fromarray(plane.numpy())
    truth = np.asarray(picture.resize((60, 40), Image.Resampling.BILINEAR))
    assert np.abs(result.numpy() - truth).max() < 1e-5


def test_bicubic_doubling_is_keys_cubic_of_slope_three_quarters():
    def cubic(t):
        a, t = -0.75, abs(t)
        if t <= 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0

    line = torch.rand(30)
    result = resize_image(line.expand(3, 10, 30), (10, 60), BICUBIC)[0, 5]
    for place in range(8, 52):
        source = (place + 0.5) / 2 - 0.5
        first = int(np.floor(source)) - 1
        truth = sum(cubic(source - k) * line[k].item() for k in range(first, first + 4))
        assert result[place].item() == pytest.approx(truth, abs=1e-5)


def test_the_field_of_view_does_not_shift():
    ramp = torch.linspace(0, 1, 61).expand(3, 47, 61)
    for mode in range(len(RESIZE_MODES)):
        small = resize_image(ramp, (31, 40), mode)
        assert small.mean().item() == pytest.approx(0.5, abs=0.003)
        assert small[0, 5, 20:].mean() + small[0, 5, :20].mean() == pytest.approx(1, abs=0.01)


def test_sizes_round_down_and_never_vanish():
    assert scaled_size(100, 51, 0.5) == (50, 25)
    assert scaled_size(3, 3, 0.15) == (1, 1)
    assert scaled_size(10, 10, 1.0) == (10, 10)
