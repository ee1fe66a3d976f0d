"""Importing is cheap, and reading a dataset needs no library of the factory or the models."""

import json
import subprocess
import sys

import pytest

HEAVY = ["torch", "ray", "diffusers", "transformers", "lightning", "yt_dlp", "scenedetect", "cv2"]


def _run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("package", ["hdvg", "vfmodel", "vfsr"])
def test_importing_a_package_loads_nothing_heavy(package):
    code = f"import json, sys, {package}; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(_run(code)))
    assert loaded.isdisjoint([*HEAVY, "numpy", "pyarrow", "av"])


def test_datasets_are_read_and_drawn_without_heavy_libraries():
    hidden = "".join(f"sys.modules[{name!r}] = None\n" for name in HEAVY)
    code = f"import sys\n{hidden}import hdvg.reader, hdvg.contact_sheet, hdvg.commits; print('ok')"
    assert _run(code) == "ok\n"


@pytest.mark.parametrize("package", ["hdvg", "vfmodel", "vfsr"])
def test_public_names_exist_and_unknown_ones_do_not(package):
    module = __import__(package)
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name  # noqa: B018 - the access is the test
