"""An import path becomes a function, or one sentence that names it."""

import pytest

import vfsr
from hdvg.errors import InputError
from vfmodel.find_upscaler import find_upscaler


def test_the_function_behind_a_lazy_name_is_found():
    assert find_upscaler("vfsr.upscale") is vfsr.upscale


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("upscale", "must be like vfsr.upscale, got 'upscale'"),
        ("", "must be like vfsr.upscale, got ''"),
        ("vfsr:upscale", "got 'vfsr:upscale'"),
        ("..vfsr", "got '..vfsr'"),
        ("nowhere.upscale", "upscaler nowhere.upscale: No module named 'nowhere'"),
        ("vfsr.upscail", "upscaler vfsr.upscail: vfsr has no upscail"),
        ("sys.path", "upscaler sys.path is not a function"),
    ],
)
def test_what_is_no_function_is_named(path, said):
    with pytest.raises(InputError) as refused:
        find_upscaler(path)
    assert said in str(refused.value)
