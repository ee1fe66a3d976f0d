import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.errors import InputError


@pytest.mark.parametrize("changes", [{"crf": 99}, {"preset": "warp"}, {"mode": "keyframes"}])
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        CutConfig(**changes)
