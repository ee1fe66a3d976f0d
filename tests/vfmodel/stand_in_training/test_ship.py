"""Shipping takes the averaged weights of the finished run, in half precision."""

import torch

from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.run_folder import RunFolder
from vfmodel.stand_in_training import ship
from vfmodel.unet import SwapUNet


def test_the_shipped_model_is_the_average_in_half_precision(
    tiny_base, tiny_unet, tmp_path, monkeypatch
):
    run, unet = RunFolder(tmp_path / "run"), SwapUNet(tiny_unet)
    run.last_checkpoint.parent.mkdir(parents=True)
    content = {
        "state_dict": {f"unet.{name}": value for name, value in unet.state_dict().items()},
        "vfmodel": {
            "unet": {k: v for k, v in unet.config.items() if not k.startswith("_")},
            "objective": {},
            "base": tiny_base,
        },
    }
    torch.save(content, run.last_checkpoint)
    monkeypatch.setattr(ship, "RUN", run)
    assert "MB" in ship.ship_unet(tmp_path / "stand_ins")
    folder = tmp_path / "stand_ins" / "text_to_video"
    shipped = VideoFactoryPipeline.from_pretrained(folder, dtype=torch.float16)
    for name, value in shipped.unet.state_dict().items():
        assert torch.equal(value, unet.state_dict()[name].half())
