import json
from dataclasses import replace

import pytest
import torch

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.noise import add_gaussian
from vfsr.degradation.params import sample_params
from vfsr.degradation.replay import from_rows, hold_over_clip, to_rows
from vfsr.degradation.second_order import degrade


@pytest.fixture
def params():
    return sample_params(torch.Generator().manual_seed(4), 3, DegradationConfig())


def test_a_log_in_json_replays_to_the_bit(params):
    frames = torch.rand(3, 3, 48, 64)
    again = from_rows(json.loads(json.dumps(to_rows(params))))
    assert torch.equal(degrade(frames, again), degrade(frames, params))


def test_a_row_says_what_was_drawn(params):
    row = to_rows(params)[1]
    assert row["first"]["blur"]["sigma_x"] == params.first.blur.sigma_x[1].item()
    assert row["second"]["noise_is_gray"] is bool(params.second.noise_is_gray[1])
    assert row["scale"] == 4


def test_rows_may_be_replayed_alone(params):
    frames = torch.rand(3, 3, 32, 32)
    alone = degrade(frames[2:], from_rows(to_rows(params)[2:]))
    assert torch.equal(alone[0], degrade(frames, params)[2])


def test_a_clip_keeps_all_but_the_noise(params):
    held = hold_over_clip(params, 5)
    assert len(held) == 15
    rows, single = to_rows(held), to_rows(params)
    seeds = {(row["first"]["noise_seed"], row["second"]["noise_seed"]) for row in rows}
    assert len(seeds) == 15
    for i, row in enumerate(rows):
        for stage in ("first", "second"):
            assert 0 <= row[stage].pop("noise_seed") < 2**63
        expected = json.loads(json.dumps(single[i // 5]))
        for stage in ("first", "second"):
            del expected[stage]["noise_seed"]
        assert row == expected


def test_without_noise_all_frames_of_a_still_clip_are_equal():
    quiet = DegradationConfig.light().first
    stage = replace(quiet, gaussian_prob=1.0, gaussian_range=(0.0, 0.0))
    config = DegradationConfig(first=stage, second=stage)
    drawn = sample_params(torch.Generator().manual_seed(0), 1, config)
    clip = degrade(torch.rand(1, 3, 32, 32).expand(4, -1, -1, -1), hold_over_clip(drawn, 4))
    assert torch.equal(clip, clip[:1].expand_as(clip))


def test_noise_of_neighbouring_frames_is_unrelated():
    gray = torch.full((1, 3, 64, 64), 0.5)
    drawn = sample_params(torch.Generator().manual_seed(1), 1, DegradationConfig())
    held = hold_over_clip(drawn, 2)
    fields = [add_gaussian(gray[0], 10.0, False, int(seed)) - 0.5 for seed in held.first.noise_seed]
    correlation = torch.corrcoef(torch.stack([field.flatten() for field in fields]))[0, 1]
    assert correlation.abs() < 4 / (3 * 64 * 64) ** 0.5


def test_bad_logs_and_clips_are_refused(params):
    with pytest.raises(InputError, match="at least one row"):
        from_rows([])
    rows = to_rows(params)
    del rows[1]["second"]["jpeg_quality"]
    with pytest.raises(InputError, match="jpeg_quality"):
        from_rows(rows)
    rows = to_rows(params)
    rows[0]["scale"] = 2
    with pytest.raises(InputError, match="one scale"):
        from_rows(rows)
    with pytest.raises(InputError, match="at least 1 frame, got 0"):
        hold_over_clip(params, 0)
