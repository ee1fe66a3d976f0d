import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.ablation_config import AblationConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": {}}, "variants is empty"),
        ({"variants": {"../x": {}}}, r"'\.\./x'"),
        ({"variants": {"a": {"model": {}}}}, "variant 'a' changes 'model'"),
        ({"tables": {"ablation": {"a": "A", "b": "B"}}}, "'b', which is no variant"),
        ({"seeds": [1, 1]}, r"\[1, 1\]"),
        ({"seeds": []}, r"\[\]"),
        ({"workers": 0}, "got 0 and 25"),
    ],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        AblationConfig(**({"variants": {"a": {}}} | changes))
