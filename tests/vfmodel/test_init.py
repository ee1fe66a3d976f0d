import subprocess
import sys

import pytest

import vfmodel


@pytest.mark.parametrize("name", vfmodel.__all__)
def test_every_public_name_is_there(name):
    assert getattr(vfmodel, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="swapunet"):
        _ = vfmodel.swapunet


def test_importing_the_package_imports_no_torch():
    code = "import sys, vfmodel; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_generate_stays_a_function_after_its_command_is_imported():
    code = "import vfmodel.generate_command, vfmodel; assert callable(vfmodel.generate)"
    subprocess.run([sys.executable, "-c", code], check=True)
