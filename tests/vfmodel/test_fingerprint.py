"""A fingerprint follows what an encoder computes, and nothing else."""

import torch
from diffusers import AutoencoderKL

from vfmodel.fingerprint import fingerprint


def _vae(**changes):
    torch.manual_seed(0)
    sizes = {"block_out_channels": [4, 4], "norm_num_groups": 2, "latent_channels": 4}
    blocks = {
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
    }
    return AutoencoderKL(**(sizes | blocks | {"scaling_factor": 0.5} | changes))


def test_it_stays_when_files_precision_or_decoder_change(tmp_path):
    vae = _vae()
    before = fingerprint(vae)
    assert len(before) == 64
    vae.save_pretrained(tmp_path)
    assert fingerprint(AutoencoderKL.from_pretrained(tmp_path, low_cpu_mem_usage=False)) == before
    assert fingerprint(vae.to(memory_format=torch.channels_last)) == before
    with torch.no_grad():
        vae.decoder.conv_in.weight += 1
    assert fingerprint(vae) == before


def test_it_changes_with_whatever_changes_latents():
    vae = _vae()
    before = fingerprint(vae)
    seen = {before}
    for weight in (vae.encoder.conv_in.weight, vae.quant_conv.bias):
        with torch.no_grad():
            weight.view(-1)[0] = torch.nextafter(weight.view(-1)[0], torch.tensor(9.0))
        seen.add(fingerprint(vae))
    for change in ({"scaling_factor": 0.4}, {"norm_num_groups": 4}, {"act_fn": "relu"}):
        seen.add(fingerprint(_vae(**change)))
    assert len(seen) == 6
