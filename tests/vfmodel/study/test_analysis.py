"""What an analysis may be asked for."""

import pytest

from hdvg.errors import InputError
from vfmodel.study.analysis import AnalyseConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_checks_passed", -0.1),
        ("min_checks_passed", float("nan")),
        ("replicates", 99),
        ("seed", -1),
    ],
)
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(InputError, match=field):
        AnalyseConfig(**{field: value})
