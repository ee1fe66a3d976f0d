import numpy as np
import pytest
import torch

import vfsr
from hdvg.errors import InputError
from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import sample_scene
from hdvg.video import Video
from vfsr.frame_upscaler import UpscalingConfig
from vfsr.strips import StripNetwork
from vfsr.upscale_clip import open_model, upscale
from vfsr.weights import save_rcan


def test_four_times_larger_same_rate_in_range(small_model):
    video = Video(frames=torch.rand(3, 3, 11, 17), fps=23.976)
    large = vfsr.upscale(video, model=small_model)
    assert large.frames.shape == (3, 3, 44, 68)
    assert large.fps == 23.976
    assert large.frames.min() >= 0
    assert large.frames.max() <= 1


def test_each_frame_is_the_networks_own_where_that_is_asked(small_model):
    video = Video(frames=torch.rand(2, 3, 9, 8), fps=8)
    large = upscale(video, model=small_model, upscaling=UpscalingConfig(temporal=False)).frames
    for frame, result in zip(video.frames, large, strict=True):
        truth = StripNetwork(small_model)(frame, 9, 9).clamp(0, 1)
        assert torch.allclose(result, truth, atol=1e-5)


def test_frames_take_account_of_those_before(small_model):
    frames = torch.rand(1, 3, 12, 12) + 0.02 * torch.rand(4, 3, 12, 12)
    by_memory, alone = (
        upscale(Video(frames=frames, fps=8), model=small_model, upscaling=how).frames
        for how in (UpscalingConfig(), UpscalingConfig(temporal=False))
    )
    flicker, as_before = ((x[1:] - x[:-1]).abs().mean() for x in (by_memory, alone))
    assert flicker < 0.6 * as_before


def test_a_folder_and_a_network_do_the_same(small_model, tmp_path):
    video = Video(frames=torch.rand(1, 3, 8, 8), fps=8)
    folder = save_rcan(small_model, tmp_path / "m")
    by_folder = upscale(video, model=folder).frames
    assert torch.equal(by_folder, upscale(video, model=str(folder)).frames)
    assert torch.equal(by_folder, upscale(video, model=small_model).frames)


def test_half_precision_frames_are_accepted(small_model):
    video = Video(frames=torch.rand(1, 3, 8, 8).half(), fps=8)
    assert upscale(video, model=small_model).frames.dtype == torch.float32


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 1, 8, 8), (0, 3, 8, 8), (1, 3, 0, 8)])
def test_other_layouts_are_refused(small_model, shape):
    with pytest.raises(InputError, match=r"frames must be \[T, 3, H, W\]"):
        upscale(Video(frames=torch.rand(shape), fps=8), model=small_model)


def test_an_unknown_device_is_refused(small_model):
    with pytest.raises(InputError, match="'nonsense'"):
        open_model(small_model, "nonsense")


def test_the_shipped_model_beats_bicubic_on_scenes_it_has_not_seen():
    scenes = [sample_scene(np.random.default_rng([1, seed]), 2.0) for seed in range(3)]
    clean = np.stack([render_frame(scene, 1.0, 192, 352) for scene in scenes])
    hr = torch.from_numpy(clean).permute(0, 3, 1, 2).float() / 255
    config = vfsr.DegradationConfig.light()
    lr = vfsr.degrade(hr, generator=torch.Generator().manual_seed(0), config=config)
    large = upscale(Video(frames=lr, fps=1.0)).frames
    bicubic = torch.nn.functional.interpolate(lr, scale_factor=4, mode="bicubic").clamp(0, 1)

    def psnr(result):
        return -10 * (result - hr).square().mean().log10().item()

    assert psnr(large) > psnr(bicubic) + 1.5
