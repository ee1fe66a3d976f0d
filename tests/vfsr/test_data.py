from dataclasses import replace

import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from hdvg.reader import ClipDataset
from vfsr.data import CropConfig, CropDataModule, CropGroups, StepBatches, join, split_rows
from vfsr.degradation.config import DegradationConfig, StageConfig
from vfsr.degradation.mixture import DegradationShare
from vfsr.degradation.sharpen import sharpen

CONFIG = CropConfig(height=64, width=96, crop=32, crops_per_clip=3, frames_per_clip=2)


def _only(degradation):
    return DegradationShare(preset="own", own=degradation)


@pytest.fixture(scope="module")
def groups(dataset):
    clips = ClipDataset(dataset, num_frames=1, captions=None, min_duration_s=0.0)
    return CropGroups(clips, np.arange(4), CONFIG)


def test_a_group_is_bytes_of_the_right_shapes(groups):
    pairs = groups[0]
    assert pairs["hr"].shape == (3, 3, 32, 32)
    assert pairs["lr"].shape == (3, 3, 8, 8)
    assert pairs["hr"].dtype == pairs["lr"].dtype == torch.uint8


def test_a_group_is_a_pure_function_of_its_number(groups, dataset):
    clips = ClipDataset(dataset, num_frames=1, captions=None, min_duration_s=0.0)
    again = CropGroups(clips, np.arange(4), CONFIG)
    for k in (5, 0, 1234):
        for name in ("lr", "hr"):
            assert torch.equal(groups[k][name], again[k][name])
    assert not torch.equal(groups[0]["hr"], groups[4]["hr"])


def test_every_clip_comes_once_an_epoch(groups):
    orders = [[groups._clip_of(4 * epoch + k) for k in range(4)] for epoch in range(6)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len({tuple(order) for order in orders}) > 1


def test_crops_are_pieces_of_the_clips_frames(dataset):
    clips = ClipDataset(dataset, num_frames=3, fps=1, height=64, width=96, captions=None)
    frames = np.concatenate([clips[i]["video"] for i in range(4)])
    both_ways = np.concatenate([frames, frames[:, :, :, ::-1]])
    groups = CropGroups(clips, np.arange(4), CONFIG)
    for crop in groups[2]["hr"].numpy():
        windows = np.lib.stride_tricks.sliding_window_view(both_ways[:, 0], (32, 32), axis=(1, 2))
        corner = windows[:, :, :, 0, 0] == crop[0, 0, 0]
        assert (windows[corner] == crop[0]).all(axis=(1, 2)).any()


def test_low_resolution_matches_its_crop(dataset):
    idle = StageConfig(
        blur_prob=0.0, resize_probs=(0.0, 0.0, 1.0), gaussian_prob=1.0,
        gaussian_range=(0.0, 0.0), jpeg_range=(100.0, 100.0),
    )  # fmt: skip
    mild = DegradationConfig(first=idle, second=idle, final_sinc_prob=0.0)
    config = CropConfig(height=64, width=96, crop=32, crops_per_clip=4, degradations=(_only(mild),))
    clips = ClipDataset(dataset, num_frames=1, captions=None, min_duration_s=0.0)
    pairs = CropGroups(clips, np.arange(4), config)[0]
    box = pairs["hr"].float().reshape(4, 3, 8, 4, 8, 4).mean(dim=(3, 5))
    assert (pairs["lr"].float() - box).abs().mean() < 12
    for i in range(4):
        distances = [(pairs["lr"][i].float() - box[j]).abs().mean().item() for j in range(4)]
        assert int(np.argmin(distances)) == i


def test_small_crops_pass_through_the_model_that_is_handed_over(dataset):
    degradation = DegradationConfig(reconstruct_prob=1.0)
    config = replace(CONFIG, degradations=(_only(degradation),))
    module = CropDataModule(str(dataset), crops=config, batch_size=3)
    with pytest.raises(InputError, match=r"reconstruct_prob .* --through"):
        module.setup("fit")
    module.reconstruct = lambda frames: 1 - frames
    module.setup("fit")
    plain = CropDataModule(str(dataset), crops=CONFIG, batch_size=3)
    plain.setup("fit")
    assert torch.equal(module.training[3]["lr"], 255 - plain.training[3]["lr"])
    assert torch.equal(module.training[3]["hr"], plain.training[3]["hr"])


def test_sharpening_comes_before_both(dataset, groups):
    sharp = CropGroups(groups.clips, np.arange(4), replace(CONFIG, sharpen=True))[0]
    truth = (sharpen(groups[0]["hr"] / 255.0) * 255).round().to(torch.uint8)
    assert torch.equal(sharp["hr"], truth)
    assert not torch.equal(sharp["lr"], groups[0]["lr"])


def test_steps_partition_the_groups_between_processes():
    loaders = [iter(StepBatches(2, 0, rank, 3)) for rank in range(3)]
    taken = [k for _ in range(4) for loader in loaders for k in next(loader)]
    assert taken == list(range(24))


def test_a_resumed_sampler_goes_on_where_it_stopped():
    whole = iter(StepBatches(2, 0, 1, 2))
    for _ in range(5):
        next(whole)
    resumed = iter(StepBatches(2, 5, 1, 2))
    assert [next(whole) for _ in range(3)] == [next(resumed) for _ in range(3)]


def test_workers_change_nothing(dataset):
    batches = []
    for workers in (0, 2):
        module = CropDataModule(str(dataset), crops=CONFIG, batch_size=6, num_workers=workers)
        module.setup("fit")
        loader = iter(module.train_dataloader())
        batches.append([next(loader) for _ in range(3)])
        del loader
    for alone, shared in zip(*batches, strict=True):
        assert alone["lr"].shape == (6, 3, 8, 8)
        assert torch.equal(alone["lr"], shared["lr"])
        assert torch.equal(alone["hr"], shared["hr"])


def test_no_video_is_in_both_parts():
    ids = [f"v{i % 20}" for i in range(100)]
    training, held_out = split_rows(ids)
    assert sorted([*training, *held_out]) == list(range(100))
    assert {ids[i] for i in training}.isdisjoint({ids[i] for i in held_out})
    assert len({ids[i] for i in held_out}) == 2


def test_one_video_is_trained_on():
    training, held_out = split_rows(["v", "v"])
    assert training.tolist() == [0, 1]
    assert held_out.tolist() == []


def test_measuring_uses_the_same_pairs_each_time(dataset):
    module = CropDataModule(str(dataset), crops=CONFIG, batch_size=3)
    module.setup("fit")
    first, again = (list(module.val_dataloader()) for _ in range(2))
    assert len(first) == 8
    assert all(torch.equal(a["lr"], b["lr"]) for a, b in zip(first, again, strict=True))


def test_join_stacks_groups(groups):
    joined = join([groups[0], groups[1]])
    assert torch.equal(joined["lr"][3:], groups[1]["lr"])


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"crop": 30}, "got 30"),
        ({"crop": 128}, "fit into 96x64, got 128"),
        ({"crop": 0}, "got 0"),
        ({"crops_per_clip": 0}, "crops_per_clip must be at least 1"),
        ({"frames_per_clip": 0}, "frames_per_clip must be at least 1"),
    ],
)
def test_bad_sizes_are_refused(knobs, message):
    with pytest.raises(InputError, match=message):
        CropConfig(**({"height": 64, "width": 96, "crop": 32} | knobs))


def test_bad_batches_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="batch_size 4 must be a multiple of crops_per_clip 3"):
        CropDataModule("x", crops=CONFIG, batch_size=4)
    module = CropDataModule(str(tmp_path), crops=CONFIG, batch_size=3)
    with pytest.raises(InputError, match="not a dataset"):
        module.setup("fit")


def test_a_selection_decides_which_clips_are_read(dataset):
    module = CropDataModule(str(dataset), crops=CONFIG, batch_size=3, select="clip_id != 'c3'")
    module.setup("fit")
    assert len(module.training.rows) + len(module.held_out.rows) == 3


def test_every_second_crop_is_the_one_before_moved(dataset):
    clips = ClipDataset(dataset, num_frames=1, captions=None, min_duration_s=0.0)
    moving = replace(CONFIG, crops_per_clip=6, motion_px=7)
    pairs = CropGroups(clips, np.arange(4), moving)[3]
    assert pairs["motion"].shape == (3, 2)
    assert pairs["motion"].abs().max() <= 7
    assert len(set(map(tuple, pairs["motion"].tolist()))) > 1
    for first, second, (down, right) in zip(
        pairs["hr"][::2], pairs["hr"][1::2], pairs["motion"].tolist(), strict=True
    ):
        # Both on one canvas agree wherever both are.
        canvas = torch.full((2, 3, 64, 64), -1)
        canvas[0, :, 16:48, 16:48] = first.int()
        canvas[1, :, 16 + down : 48 + down, 16 + right : 48 + right] = second.int()
        both = (canvas >= 0).all(dim=0)
        assert both.sum() >= 3 * 25 * 25
        assert torch.equal(canvas[0][both], canvas[1][both])


def test_views_of_a_moving_crop_are_degraded_alike_but_for_noise(dataset):
    clips = ClipDataset(dataset, num_frames=1, captions=None, min_duration_s=0.0)
    for noise in (0.0, 20.0):
        stage = StageConfig(
            gaussian_prob=1.0, gaussian_range=(noise, noise), jpeg_range=(100.0, 100.0)
        )
        twice = DegradationConfig(first=stage, second=stage)
        config = replace(CONFIG, crops_per_clip=2, motion_px=1, degradations=(_only(twice),))
        groups = CropGroups(clips, np.arange(4), config)
        still = next(pairs for k in range(99) if not (pairs := groups[k])["motion"].any())
        difference = (still["lr"][0].float() - still["lr"][1].float()).abs().mean()
        assert (difference == 0) == (noise == 0)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [({"motion_px": 17}, "motion_px must lie in 0..crop / 2, got 17"),
     ({"motion_px": 2, "crops_per_clip": 3}, "crops_per_clip must be even, got 3")],
)  # fmt: skip
def test_motion_that_does_not_fit_is_refused(knobs, message):
    with pytest.raises(InputError, match=message):
        replace(CONFIG, **knobs)
