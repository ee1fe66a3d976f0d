import pytest

from hdvg.errors import InputError
from hdvg.scan.config import ScanConfig


@pytest.mark.parametrize(
    "changes",
    [{"threshold": 0.0}, {"min_scene_s": 15.0}, {"min_scene_s": 0.0}, {"black_level": 90.0}],
)
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        ScanConfig(**changes)


def test_a_cut_need_stand_out_less_where_frames_are_skipped():
    assert ScanConfig().cut_ratio == 3.0
    assert 1.5 < ScanConfig(fast=True).cut_ratio < 3.0
