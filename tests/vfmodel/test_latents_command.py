"""`vfmodel latents`, and training from what it wrote: the same loss as on the fly."""

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch.plugins import Precision
from torch.utils.data import default_collate

import hdvg
from hdvg.errors import InputError
from hdvg.latents.latent_dataset import LatentDataset
from hdvg.latents.latent_settings import find_latent_families
from vfmodel.__main__ import main
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.latents_command import LatentsConfig
from vfmodel.training import VideoDiffusion

SIZE = {"height": 16, "width": 24}
OPTIONS = ["--height=16", "--width=24", "--device=cpu"]


@pytest.fixture
def root(filmed, tmp_path):
    shutil.copytree(filmed, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def call(capsys):
    """Runs `vfmodel latents`; its exit code, standard output and standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["latents", *map(str, arguments)])
        return stopped.value.code, *capsys.readouterr()

    return run


def test_a_dataset_is_encoded_and_the_result_told(root, tiny_base, call):
    code, out, err = call(root, *OPTIONS, "--base", tiny_base, "--json")
    assert code == 0
    summary = json.loads(out)
    assert (summary["family"], summary["num_encoded"], summary["units_made"]) == (
        "16x24_8fps",
        4,
        2,
    )
    assert "4/4 clips" in err
    [family] = find_latent_families(root).values()
    assert (family.settings.frame_shape, family.missing) == ((4, 2, 3), ())
    code, out, _ = call(root, *OPTIONS, "--base", tiny_base)
    assert (code, out.count("\n")) == (0, 1)
    assert "4 of 4 clips have latents in the family '16x24_8fps'" in out
    assert "0 made" in out


def test_settings_can_stand_in_a_file(root, tiny_base, call, tmp_path):
    config = tmp_path / "latents.yaml"
    config.write_text(f"base: {tiny_base}\nheight: 16\nwidth: 24\nfps: 24.0\nfamily: fine\n")
    assert call("--config", config, root)[0] == 0
    assert find_latent_families(root)["fine"].settings.fps == 24


def test_a_bad_clip_is_counted_and_named(root, tiny_base, call):
    path = root / "media/u00000.tar"
    content = bytearray(path.read_bytes())
    content[700] ^= 1
    path.write_bytes(content)
    code, out, _ = call(root, *OPTIONS, "--base", tiny_base)
    assert code == 0
    assert "left out:    1 clips cannot be read\n    clip a: " in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["/no/such/folder"], "/no/such/folder"),
        (["DATA", "--fps=0"], "fps must be above 0"),
        (["DATA", "--width=25"], "width 25"),
        (["DATA", "--base=/no/model"], "/no/model"),
        (["DATA", "--family=a/b"], "a/b"),
        (["DATA", "--colour=1"], "colour"),
        (["DATA", "--dtype=int8"], "int8"),
        ([""], "data is empty"),
    ],
)
def test_mistakes_are_one_line(root, tiny_base, call, arguments, named):
    words = [str(root) if word == "DATA" else word for word in arguments]
    code, out, err = call("--base", tiny_base, *OPTIONS, *words, "--json")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert named in err
    assert not (root / "latents").exists()


def test_without_ray_one_line_says_what_to_install(root, call, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "vfmodel.latents_command.find_spec", lambda name: None if name == "ray" else there(name)
    )
    code, _, err = call(root)
    assert (code, err) == (2, "error: vfmodel latents needs ray: pip install 'hdvg[build]'\n")


def test_the_name_says_size_and_rate():
    assert LatentsConfig(data="d").name == "96x176_8fps"
    assert LatentsConfig(data="d", fps=7.5).name == "96x176_7.5fps"
    assert LatentsConfig(data="d", family="mine").name == "mine"


@pytest.fixture
def losses(root, tiny_base, tiny_unet, call):
    """Call it with a dtype: the losses of the same windows from pixels and from latents."""
    model = VideoDiffusion(unet=tiny_unet, base=tiny_base)
    model.log = lambda *_, **__: None
    team = {"global_rank": 0, "world_size": 1, "accumulate_grad_batches": 1}
    model.trainer = SimpleNamespace(global_step=3, **team)

    def loss(dataset):
        dataset.set_epoch(5)
        batch = default_collate([dataset[index] for index in (0, 2)])
        return model.training_step(batch, 0).item()

    def run(dtype):
        arguments = [f"--dtype={dtype}", f"--family={dtype}", "--base", tiny_base]
        assert call(root, *OPTIONS, *arguments)[0] == 0
        clips = hdvg.ClipDataset(root, num_frames=8, fps=8.0, grid_fps=8.0, **SIZE)
        return loss(clips), loss(LatentDataset(clips, dtype))

    return run


def test_the_loss_from_latents_is_that_of_the_pixels(losses):
    """float32 leaves the order of sums, which batch sizes change; float16 rounds to 11 bits."""
    fly, read = losses("float32")
    assert read == pytest.approx(fly, rel=1e-6)
    fly, read = losses("float16")
    assert read != fly
    assert abs(read / fly - 1) < 1e-4


def _module(root, tiny_base, **settings):
    data = ClipDataModule(
        **{"root": str(root), "clip": ClipConfig(**SIZE), "num_workers": 0, "batch_size": 3}
        | settings
    )
    data.trainer = SimpleNamespace(
        global_step=0,
        global_rank=0,
        is_global_zero=True,
        world_size=1,
        accumulate_grad_batches=1,
        precision_plugin=Precision(),
        lightning_module=SimpleNamespace(autoencoder=VideoAutoencoder.from_pretrained(tiny_base)),
    )
    data.setup("fit")
    return next(iter(data.train_dataloader()))


def test_training_reads_latents_where_they_are_and_fit(root, tiny_base, call, caplog):
    assert "video" in _module(root, tiny_base)
    with pytest.raises(InputError, match="no latent family '16x24_8fps'; it has: none"):
        _module(root, tiny_base, latents="16x24_8fps")
    call(root, *OPTIONS, "--base", tiny_base)
    caplog.set_level("INFO")
    batch = _module(root, tiny_base)
    assert batch["latents"].shape == (3, 4, 8, 2, 3)
    assert batch["latents"].dtype == torch.float32
    assert sorted(batch["caption"]) == ["words about a", "words about b", "words about c"]
    assert "latents '16x24_8fps' of 3 clips; 0 have none" in caplog.text
    assert "video" in _module(root, tiny_base, latents=None)
    assert "latents" in _module(root, tiny_base, latents="16x24_8fps", cached_windows=1)
    larger = ClipConfig(height=24, width=24)
    with pytest.raises(InputError, match="is of 16x24 pixels, not 24x24"):
        _module(root, tiny_base, latents="16x24_8fps", clip=larger)
    joined = [SourceConfig(root="shapes:3")]
    assert "video" in _module(root, tiny_base, joined=joined)
    with pytest.raises(InputError, match="another source of the same shape"):
        _module(root, tiny_base, joined=joined, latents="16x24_8fps")
    with pytest.raises(InputError, match="'x' of shapes:3, which is rendered"):
        _module("shapes:3", tiny_base, latents="x")


def test_a_changed_autoencoder_is_never_fed_with_old_latents(root, tiny_base, call, tmp_path):
    call(root, *OPTIONS, "--base", tiny_base)
    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    config = other / "vae/config.json"
    config.write_text(config.read_text().replace('"scaling_factor": 0.5', '"scaling_factor": 0.4'))
    assert "video" in _module(root, other)
    with pytest.raises(InputError, match="made by another autoencoder than this run's"):
        _module(root, other, latents="16x24_8fps")
    code, _, err = call(root, *OPTIONS, "--base", other)
    assert code == 2
    assert "autoencoder_sha256 (was " in err


@pytest.mark.slow  # starts the command three times, each of which loads a model
def test_killed_and_started_again_it_makes_the_same_family(root, tiny_base, tmp_path):
    shutil.copytree(root, tmp_path / "undisturbed")
    call = [sys.executable, "-m", "vfmodel", "latents", *OPTIONS, "--base", tiny_base]
    subprocess.run([*call, tmp_path / "undisturbed"], check=True, capture_output=True)
    with subprocess.Popen([*call, root], stderr=subprocess.DEVNULL) as process:
        # Hidden names are those of files that are being written.
        while process.poll() is None and not list(root.glob("latents/*/.u00001*")):
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
    assert not (root / "commits/latents.16x24_8fps/u00001.json").exists()
    done = subprocess.run([*call, root, "--json"], check=True, capture_output=True)
    summary = json.loads(done.stdout)
    assert (summary["num_encoded"], summary["units_made"], summary["units_before"]) == (4, 1, 1)
    folders = [path / "latents/16x24_8fps" for path in (root, tmp_path / "undisturbed")]
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1]
    for name in names[0]:
        contents = [np.frombuffer((folder / name).read_bytes(), np.uint8) for folder in folders]
        assert np.array_equal(*contents)


@pytest.mark.slow  # a Ray session and two processes that load a model
def test_ray_actors_write_what_one_process_does(root, tiny_base, call, tmp_path, monkeypatch):
    from hdvg import family_pass
    from hdvg.family_workers import Workforce

    shutil.copytree(root, tmp_path / "alone")
    call(tmp_path / "alone", *OPTIONS, "--base", tiny_base)
    force = Workforce(count=2, cpus=1, gpus=0)
    monkeypatch.setattr(family_pass, "plan_workforce", lambda *_: force)
    code, out, _ = call(root, *OPTIONS, "--base", tiny_base, "--json")
    assert (code, json.loads(out)["num_made"]) == (0, 4)
    for unit in ("u00000", "u00001"):
        name = f"latents/16x24_8fps/{unit}.tar"
        assert (root / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
