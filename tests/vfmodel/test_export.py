"""Model folders: what was trained comes back, whole or not at all, from safetensors only."""

import pickle
import shutil

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.export import export_checkpoint, export_model, read_checkpoint
from vfmodel.objective import ObjectiveConfig
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.unet import SwapUNet

OBJECTIVE = ObjectiveConfig(prediction="epsilon", zero_terminal_snr=False, noise_sharing=0.3)


def test_a_model_folder_holds_the_weights_and_the_schedule(tiny_base, tiny_unet, tmp_path):
    unet = SwapUNet(tiny_unet)
    folder = export_model(tmp_path / "model", unet, OBJECTIVE, tiny_base)
    pipeline = VideoFactoryPipeline.from_pretrained(folder)
    want = unet.state_dict()
    assert all(torch.equal(v, want[name]) for name, v in pipeline.unet.state_dict().items())
    assert pipeline.scheduler.config.prediction_type == "epsilon"
    assert pipeline.config.noise_sharing == 0.3
    assert not [p for p in folder.rglob("*") if p.suffix in (".bin", ".pt", ".ckpt")]
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert all(tiny_base not in p.read_text() for p in folder.rglob("*.json"))


def test_an_old_folder_is_replaced_and_survives_a_failure(
    tiny_base, tiny_unet, tmp_path, monkeypatch
):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").write_text("")

    def fail(*_, **__):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(VideoFactoryPipeline, "save_pretrained", fail)
        with pytest.raises(OSError, match="disk full"):
            export_model(folder, SwapUNet(tiny_unet), OBJECTIVE, tiny_base)
    assert (folder / "old").exists()
    export_model(folder, SwapUNet(tiny_unet), OBJECTIVE, tiny_base, torch.float16)
    assert not (folder / "old").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    loaded = VideoFactoryPipeline.from_pretrained(folder)
    assert tuple(loaded.unet.config.channels) == tiny_unet.channels


@pytest.mark.parametrize("percent", [5, 60, 95])
def test_a_full_disk_leaves_the_old_folder(tiny_base, tiny_unet, tmp_path, small_disk, percent):
    old = export_model(tmp_path / "plain", SwapUNet(tiny_unet), OBJECTIVE, tiny_base)
    # A file takes whole pages, and so does a folder's entry.
    size = sum(-(-p.stat().st_size // 4096) * 4096 for p in old.rglob("*") if p.is_file())
    folder = small_disk(4 * size) / "model"
    shutil.copytree(old, folder)
    small_disk(size + size * percent // 100)
    with pytest.raises((InputError, OSError), match=r"No space left on device|os error 28"):
        export_model(folder, SwapUNet(tiny_unet), OBJECTIVE, tiny_base)
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
    VideoFactoryPipeline.from_pretrained(folder)


def test_a_checkpoint_exports_its_averaged_weights(tiny_base, tiny_unet, tmp_path):
    averaged, trained = SwapUNet(tiny_unet), SwapUNet(tiny_unet)
    torch.save(
        {
            "state_dict": {f"unet.{k}": v for k, v in averaged.state_dict().items()},
            "current_model_state": {f"unet.{k}": v for k, v in trained.state_dict().items()},
            "vfmodel": {
                "unet": {k: v for k, v in averaged.config.items() if not k.startswith("_")},
                "objective": {"prediction": "v_prediction", "zero_terminal_snr": True},
                "base": tiny_base,
            },
        },
        tmp_path / "last.ckpt",
    )
    folder = export_checkpoint(tmp_path / "last.ckpt", tmp_path / "model")
    loaded = VideoFactoryPipeline.from_pretrained(folder).unet.state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in averaged.state_dict().items())


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("kind", ["missing", "garbage", "pickle", "other"])
def test_what_is_no_checkpoint_is_named_and_never_executed(tmp_path, kind):
    path, sprung = tmp_path / "some.ckpt", tmp_path / "sprung"
    if kind == "garbage":
        path.write_bytes(b"not a checkpoint")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Trap(str(sprung)), protocol=2))
    elif kind == "other":
        torch.save({"state_dict": {}}, path)
    with pytest.raises(InputError, match=r"some\.ckpt"):
        read_checkpoint(path)
    assert not sprung.exists()
