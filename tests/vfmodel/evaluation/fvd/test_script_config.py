"""What is said of a script, and how a protocol names it."""

from dataclasses import replace

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.script_config import ScriptConfig

CONFIG = ScriptConfig(path="a.pt", name="i3d-ts_1.0")


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"path": ""}, "needs a file, got ''"),
        ({"name": ""}, "got ''"),
        ({"name": "a b"}, "got 'a b'"),
        ({"size_px": (0, 4)}, r"must be positive, got \(0, 4\)"),
        ({"num_features": 0}, "must be positive, got .*, 0 and 10"),
        ({"value_range": (1.0, -1.0)}, r"must rise, got \(1.0, -1.0\)"),
    ],
)
def test_wrong_descriptions_are_refused(wrong, fault):
    with pytest.raises(InputError, match=fault):
        replace(CONFIG, **wrong)


def test_a_label_is_of_the_file_and_of_all_that_moves_a_figure():
    label = CONFIG.label("ab" * 32)
    mark, name, digest = label.split()
    assert (mark, name, len(digest)) == ("torchscript", "i3d-ts_1.0", 12)
    # Where it lies and whether its digest was asked for moves nothing.
    assert replace(CONFIG, path="b/c.pt", sha256="ab" * 32).label("ab" * 32) == label
    others = [
        CONFIG.label("cd" * 32),
        replace(CONFIG, size_px=(112, 112)).label("ab" * 32),
        replace(CONFIG, value_range=(0.0, 1.0)).label("ab" * 32),
        replace(CONFIG, name="other").label("ab" * 32),
    ]
    assert len({label, *others}) == 5
