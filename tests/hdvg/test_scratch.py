import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hdvg.errors import InputError
from hdvg.scratch import hold, is_held, remove_orphans, scratch_folder


@pytest.fixture(autouse=True)
def own_temp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def _start(code):
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def _kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


SCRATCH = """
import time
from hdvg.scratch import scratch_folder
with scratch_folder("v") as folder:
    (folder / "half.mp4").touch()
    print(folder, flush=True)
    time.sleep(60)
"""
HOLD = """
import sys, time
from pathlib import Path
from hdvg.scratch import hold
with hold(Path({folder!r}), keep="kept"):
    Path({folder!r}, "kept").touch()
    print("held", flush=True)
    time.sleep(60)
"""


def test_folder_goes_with_the_block(own_temp):
    with scratch_folder("v") as folder:
        assert folder.is_relative_to(own_temp)
        (folder / "a").touch()
    assert not folder.exists()


def test_a_killed_owner_s_folder_goes_with_the_next_a_living_one_s_stays(own_temp):
    dead, orphan = _start(SCRATCH)
    alive, owned = _start(SCRATCH)
    _kill(dead)
    assert Path(orphan).exists()
    with scratch_folder("v"):
        assert not Path(orphan).exists()
        assert Path(owned).exists()
    _kill(alive)


def test_only_one_holds_a_folder_and_a_killed_one_lets_go(tmp_path):
    folder = tmp_path / "data"
    process, word = _start(HOLD.format(folder=str(folder)))
    assert word == "held"
    assert is_held(folder)
    with pytest.raises(InputError, match="another process"), hold(folder, keep="kept"):
        pass
    _kill(process)
    assert not is_held(folder)
    assert not is_held(tmp_path / "never")
    with hold(folder, keep="kept"):
        pass


def test_nothing_is_left_of_a_folder_that_never_came_into_use(tmp_path):
    with pytest.raises(KeyError), hold(tmp_path / "new/data", keep="kept"):
        raise KeyError
    assert not (tmp_path / "new/data").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    with pytest.raises(KeyError), hold(tmp_path / "mine", keep="kept"):
        raise KeyError
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file"), hold(tmp_path / "file/data", keep="kept"):
        pass


def test_a_folder_without_a_lock_goes_unless_it_is_new(tmp_path):
    old, new = tmp_path / "base/ray-old", tmp_path / "base/v-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    (old / "agent.log").touch()
    os.utime(old, (0, 0))
    assert remove_orphans(tmp_path / "base") == 1
    assert [path.name for path in (tmp_path / "base").iterdir()] == ["v-new"]
