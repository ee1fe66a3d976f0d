"""One process of Real-ESRGAN's environment for all comparisons."""

import pytest
from benchmarks.realesrgan_oracle import REASON, Oracle, is_built


@pytest.fixture(scope="session")
def oracle():
    if not is_built():
        pytest.skip(REASON)
    with Oracle() as process:
        yield process
