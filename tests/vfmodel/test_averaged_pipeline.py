"""Whose weights the samples of a training come from."""

import torch
from torch.optim.swa_utils import AveragedModel

from vfmodel.averaged_pipeline import averaged_pipeline
from vfmodel.ema import EMA
from vfmodel.training import VideoDiffusion


def test_samples_come_from_the_average_with_the_phase_of_the_training(tiny_base, tiny_unet):
    model = VideoDiffusion(tiny_unet, base=tiny_base)
    model.configure_model()
    ema = EMA(0.9)
    ema._average_model = AveragedModel(model)
    with torch.no_grad():
        for parameter in model.unet.parameters():
            parameter.add_(1.0)
    for active in (False, True):
        model.unet.enable_swap(active)
        unet = averaged_pipeline(model, ema).unet
        assert unet.swap_active == active
        averaged = dict(ema.averaged_module().unet.named_parameters())
        assert all(value is averaged[name] for name, value in unet.named_parameters())
        assert not any(
            torch.equal(value, averaged[name]) for name, value in model.unet.named_parameters()
        )
