"""Small films and the command that builds a dataset of them, for tests that break things."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hdvg.video import write_video

FPS, HEIGHT, WIDTH, NUM_FILMS = 12, 96, 160, 10
SETTINGS = (
    "--unit_size=2",
    "--num_cpus=2",
    "--filter.min_height=64",
    "--filter.min_duration_s=1",
    "--scan.min_scene_s=0.5",
)


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """A folder of ten films: each two scenes of a second, a moving texture each."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(NUM_FILMS):
        rng = np.random.default_rng(number)
        write_video(folder / f"film{number}.mp4", np.concatenate([_scene(rng), _scene(rng)]), FPS)
    return folder


def _scene(rng):
    texture = rng.integers(0, 255, (3, HEIGHT // 8, WIDTH // 8), dtype=np.uint8)
    still = texture.repeat(8, axis=1).repeat(8, axis=2)
    return np.stack([np.roll(still, 2 * k, axis=2) for k in range(FPS)])


@pytest.fixture(scope="session")
def build_call():
    """Call it with a source, a dataset and more options: the command line of a build."""

    def call(source, data, *more):
        names = (f"--source={source}", f"--data={data}")
        return [sys.executable, "-m", "hdvg", "build", *names, *SETTINGS, *more]

    return call


@pytest.fixture(scope="session")
def content():
    """Call it with a local dataset: the bytes of its tables and tars, by name."""

    def read(root):
        kinds = ("plan", "media", "keyframes", "videos", "clips", "captions", "scores")
        paths = sorted(p for kind in kinds for p in (Path(root) / kind).rglob("*") if p.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}

    return read


@pytest.fixture(scope="session")
def undisturbed(films, build_call, tmp_path_factory):
    """A dataset of the films that nothing happened to."""
    root = tmp_path_factory.mktemp("undisturbed") / "data"
    done = subprocess.run(build_call(films, root), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def scratch(monkeypatch):
    """The folder for temporary files of everything that the test starts; its path is short, because
    the paths of sockets have a limit."""
    folder = Path(tempfile.mkdtemp(prefix="c", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(scratch):
    """Call it with a command line: a process of its own group, killed with all that it started."""
    started = []

    def call(command):
        with (scratch / f"log{len(started)}").open("w") as log:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        started.append(process)
        process.log = Path(log.name)
        return process

    yield call
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def wait_until():
    """Call it with a condition: returns when it holds; fails after two minutes."""

    def wait(condition, what):
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def check_gone(wait_until):
    """Call it with processes: fails if any of them outlives its parent by more than a moment."""

    def is_alive(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.status() != psutil.STATUS_ZOMBIE
        return False

    def check(processes):
        wait_until(lambda: not any(map(is_alive, processes)), f"still running: {processes}")

    return check
