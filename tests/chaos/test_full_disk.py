"""A disk that fills up in mid-build, and is made larger."""

import os
import subprocess

import pytest

from hdvg.dataset_folder import open_dataset
from hdvg.verify import verify

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path, undisturbed, content):
    """A file system in memory that holds about half of the dataset; call it with a size to grow."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    half = sum(map(len, content(undisturbed).values())) // 2
    mount = ["mount", "-t", "tmpfs", "-o", f"size={half}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")

    def grow(nbytes):
        subprocess.run(["mount", "-o", f"remount,size={nbytes}", str(folder)], check=True)

    yield folder, grow
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_with_more_room_the_build_goes_on(
    films, undisturbed, build_call, content, small_disk, scratch
):
    folder, grow = small_disk
    call = build_call(films, folder / "data")
    full = subprocess.run(call, capture_output=True, text=True, timeout=240)
    assert full.returncode == 2, full.stderr
    last = full.stderr.splitlines()[-1]
    assert last.startswith("error: "), full.stderr
    assert "No space left" in last
    assert "Traceback" not in full.stderr
    storage, _ = open_dataset(folder / "data")
    left = verify(storage, deep=True, num_sampled=0, seed=0).damage
    assert all(line.endswith("no commit names it") for line in left)

    grow(64 * 2**20)
    done = subprocess.run(call, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert content(folder / "data") == content(undisturbed)
    assert verify(storage, deep=True, num_sampled=4, seed=0).damage == []
    assert not list((scratch / f"hdvg-{os.getuid()}").glob("*"))
