import os
import subprocess

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

# Everything here is tiny: a second thread costs more than it gives, and where the cores are busy
# ten times more.
torch.set_num_threads(1)


@pytest.fixture
def tiny_pipeline():
    """An untrained pipeline whose every part is a few channels wide; makes clips of 3 x 24 x 40."""
    from vfmodel.pipeline import VideoFactoryPipeline
    from vfmodel.pretrained import STAND_IN_PIPELINE
    from vfmodel.unet import SwapUNet, SwapUNetConfig

    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(STAND_IN_PIPELINE, subfolder="tokenizer")
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    vae = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[4] * 4,
        norm_num_groups=2,
    )
    unet = SwapUNet(
        SwapUNetConfig(
            channels=(8, 16),
            num_heads=(1, 2),
            attention_levels=(True, False),
            text_dim=8,
            norm_groups=4,
            window=(2, 2, 3),
            sample_height=3,
            sample_width=5,
            num_frames=3,
            fps=4.0,
        )
    )
    for parameter in unet.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    scheduler = DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False)
    pipeline = VideoFactoryPipeline(
        vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


TINY_UNET = {
    "channels": [8, 16],
    "num_heads": [1, 2],
    "attention_levels": [True, False],
    "norm_groups": 4,
    "text_dim": 16,
    "window": [2, 2, 3],
}


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory):
    """A folder with vae (factor 8), text_encoder (width 16) and tokenizer, random weights."""
    from vfmodel.stand_in_training.tokenizer import train_tokenizer

    folder = tmp_path_factory.mktemp("base_model")
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a red circle moving left over a green background"] * 2)
    tokenizer.save_pretrained(folder / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    CLIPTextModel(text).save_pretrained(folder / "text_encoder")
    vae = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[4] * 4,
        norm_num_groups=2,
        latent_channels=4,
        scaling_factor=0.5,
    )
    vae.save_pretrained(folder / "vae")
    return str(folder)


@pytest.fixture
def tiny_unet():
    """Sizes that fit `tiny_base`."""
    from vfmodel.unet_config import SwapUNetConfig

    return SwapUNetConfig.from_fields(TINY_UNET)


@pytest.fixture(scope="session")
def write_dataset():
    """Call it with a folder: a dataset of 3 units with 4 clips of 16 x 24 each, a second long."""
    from hdvg.commits import Commit, commit_unit
    from hdvg.dataset_folder import create_dataset
    from hdvg.manifest import CLIPS, table_file, write_rows
    from hdvg.shards import TarWriter
    from hdvg.video import write_video

    blank = {"string": "x", "double": 0.0}
    needed = {c.name: blank.get(str(c.type), 0) for c in CLIPS if not c.nullable}

    def write(root):
        storage = create_dataset(root / "data", sources=["test"], config={})
        for unit in ("u0", "u1", "u2"):
            rows = []
            with storage.writing(f"media/{unit}.tar") as file, TarWriter(file) as tar:
                for number in range(4):
                    clip_id = f"{unit}-{number}"
                    rng = np.random.default_rng([ord(c) for c in clip_id])
                    noise = rng.integers(0, 255, (8, 3, 2, 3), np.uint8).repeat(8, 2).repeat(8, 3)
                    film = write_video(root / "film.mp4", noise, 8).read_bytes()
                    place = vars(tar.add(f"{clip_id}.mp4", film))
                    shard = {"shard": f"media/{unit}.tar", "codec": "h264", "end_s": 1.0}
                    rows.append(needed | shard | place | {"clip_id": clip_id})
            texts = [{"clip_id": r["clip_id"], "text": r["clip_id"], "source": ""} for r in rows]
            files = (
                file.record,
                write_rows(storage, "clips", table_file("clips", unit), rows),
                write_rows(storage, "captions", table_file("captions", unit, "alt_text"), texts),
            )
            commit_unit(storage, Commit(stage="build", unit=unit, files=files, rows={}))
        return root / "data"

    return write


@pytest.fixture
def small_disk(tmp_path):
    """Call it with a size in bytes: a folder that is a disk of that size; again to change it."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    folder = tmp_path / "disk"
    folder.mkdir()

    def resize(nbytes):
        options = f"size={nbytes}" if not folder.is_mount() else f"remount,size={nbytes}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("this machine does not let root mount a tmpfs")
        return folder

    yield resize
    if folder.is_mount():
        subprocess.run(["umount", "-l", str(folder)], check=True)
