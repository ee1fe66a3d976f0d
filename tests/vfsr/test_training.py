import math
from itertools import pairwise

import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio

from hdvg.errors import InputError
from vfsr.consistency import consistency_loss
from vfsr.rcan import RCAN, RCANConfig
from vfsr.training import UpscalerTraining, as_floats, psnr
from vfsr.weights import save_rcan


def test_the_loss_is_the_mean_absolute_error(batch, small_config):
    torch.manual_seed(0)
    training = UpscalerTraining(rcan=small_config)
    training.log = lambda *args, **kwargs: None
    loss = training.training_step(batch, 0)
    result = training.model(batch["lr"] / 255.0)
    truth = sum((result[i] - batch["hr"][i] / 255.0).abs().mean() for i in range(2)) / 2
    assert loss.item() == pytest.approx(truth.item(), rel=1e-5)


def test_views_of_a_moving_crop_add_their_difference(batch, small_config):
    torch.manual_seed(0)
    wide = {name: value.repeat(1, 1, 8, 8) for name, value in batch.items()}
    plain, asked = (UpscalerTraining(rcan=small_config, consistency_weight=w) for w in (0.0, 0.5))
    asked.load_state_dict(plain.state_dict())
    for training in (plain, asked):
        training.log = lambda *args, **kwargs: None
    motion = torch.tensor([[3, -2]], dtype=torch.int16)
    result = plain.model(wide["lr"] / 255.0)
    extra = asked.training_step({**wide, "motion": motion}, 0) - plain.training_step(wide, 0)
    assert extra.item() == pytest.approx(0.5 * consistency_loss(result, motion).item(), rel=1e-4)
    with pytest.raises(InputError, match=r"consistency_weight 0.5 needs data.crops.motion_px"):
        asked.training_step(wide, 0)


def test_the_rate_rises_then_falls_along_a_cosine(small_config):
    training = UpscalerTraining(rcan=small_config, warmup_steps=10, decay_steps=110)
    rates = [training.rate_at(step) for step in range(200)]
    assert rates[0] == pytest.approx(1 / 11)
    assert rates[10] == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.51)
    assert rates[110] == pytest.approx(0.02)
    assert rates[199] == rates[110]
    assert all(b <= a for a, b in pairwise(rates[10:]))


def test_psnr_is_torchmetrics_mean_over_images():
    result, truth = torch.rand(3, 3, 8, 8), torch.rand(3, 3, 8, 8)
    expected = sum(peak_signal_noise_ratio(result[i], truth[i], data_range=1.0) for i in range(3))
    assert psnr(result, truth).item() == pytest.approx(expected.item() / 3, rel=1e-5)
    assert math.isfinite(psnr(truth, truth).item())


def test_bytes_become_floats(batch):
    lr, hr = as_floats(batch)
    assert lr.max() <= 1
    assert torch.equal((hr * 255).round().to(torch.uint8), batch["hr"])


def test_init_from_takes_the_weights(small_model, small_config, tmp_path):
    folder = save_rcan(small_model, tmp_path / "m")
    training = UpscalerTraining(rcan=small_config, init_from=str(folder))
    for mine, theirs in zip(training.model.parameters(), small_model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_init_from_the_shipped_model():
    UpscalerTraining(init_from="default")


def test_another_shape_is_refused_with_both(small_config, tmp_path):
    other = RCAN(RCANConfig(num_groups=1, num_blocks=1, channels=12, reduction=4))
    folder = save_rcan(other, tmp_path / "m")
    message = r"head\.0\.weight has shape \[12, 3, 3, 3\], the network has \[8, 3, 3, 3\]"
    with pytest.raises(InputError, match=message):
        UpscalerTraining(rcan=small_config, init_from=str(folder))
    training = UpscalerTraining(rcan=small_config)
    wrong = {f"model.{name}": value for name, value in other.state_dict().items()}
    with pytest.raises(InputError, match=message):
        training.on_load_checkpoint({"state_dict": wrong})


def test_bad_rates_are_refused(small_config):
    with pytest.raises(InputError, match="learning_rate must be above 0, got 0"):
        UpscalerTraining(rcan=small_config, learning_rate=0.0)
    with pytest.raises(InputError, match="warmup_steps 50"):
        UpscalerTraining(rcan=small_config, warmup_steps=50, decay_steps=50)
