import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.generation.maker_config import MakerConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", ""), ("steps", 0), ("height", -8), ("fps", 0.0), ("guidance_scale", float("inf"))],
)
def test_what_cannot_be_asked_is_named(field, value):
    with pytest.raises(InputError, match=field):
        MakerConfig(**({"model": "x"} | {field: value}))
