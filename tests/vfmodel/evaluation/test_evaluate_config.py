import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.evaluate_config import EvaluateConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"videos": ""}, "videos is empty"), ({"workers": 0}, "workers"), ({"num_samples": -1}, "-1")],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        EvaluateConfig(**({"videos": "v", "out": "o"} | changes))


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").touch()
    for field in ("out", "videos"):
        with pytest.raises(InputError, match=f"{field} is a file"):
            EvaluateConfig(**({"videos": "v", "out": "o"} | {field: str(tmp_path / "x")}))
