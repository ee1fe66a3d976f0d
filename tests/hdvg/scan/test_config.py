import pytest

from hdvg.errors import InputError
from hdvg.scan.config import ScanConfig


@pytest.mark.parametrize(
    "changes", [{"threshold": 0.0}, {"min_scene_s": 15.0}, {"min_scene_s": 0.0}]
)
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        ScanConfig(**changes)
