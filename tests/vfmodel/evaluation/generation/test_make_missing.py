"""Any number of processes, and any number of deaths, gives the same videos."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import Video, frames_at
from vfmodel.evaluation.generation.make_missing import (
    Team,
    make_alone,
    make_on_workers,
    make_share,
)
from vfmodel.evaluation.generation.maker_config import MakerConfig
from vfmodel.evaluation.generation.video_folder import VideoFolder
from vfmodel.evaluation.plan_samples import Sample

SAMPLES = [Sample(name=f"s{i:02d}", prompt=f"prompt {i}", seed=i) for i in range(7)]


def make(prompt, seed):
    generator = torch.Generator().manual_seed(seed)
    return Video(torch.rand(2, 3, 8, 8, generator=generator), fps=4.0)


def contents(folder):
    return {
        path.name: frames_at(path, [0.0, 0.25], 8, 8) for path in sorted(folder.glob("[!.]*.mp4"))
    }


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


@pytest.fixture
def whole(tmp_path):
    folder = tmp_path / "whole"
    assert make_share(VideoFolder(folder), SAMPLES, make) == {}
    return contents(folder)


def test_ranks_share_every_sample_once():
    for size in (1, 2, 3, 9):
        shares = [Team(rank=rank, world_size=size).share(SAMPLES) for rank in range(size)]
        assert sorted(s.name for share in shares for s in share) == [s.name for s in SAMPLES]


def test_ranks_make_what_one_makes(tmp_path, whole):
    for rank in (2, 0, 1):
        share = Team(rank=rank, world_size=3).share(SAMPLES)
        make_share(VideoFolder(tmp_path / "three"), share, make)
    assert same(contents(tmp_path / "three"), whole)


def test_launchers_say_who_is_who(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"):
        monkeypatch.delenv(name, raising=False)
    assert Team.of_launcher() == Team(rank=0, world_size=1)
    monkeypatch.setenv("SLURM_PROCID", "1")
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    assert Team.of_launcher() == Team(rank=1, world_size=4)
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert Team.of_launcher() == Team(rank=2, world_size=3)


def test_one_that_cannot_be_made_takes_no_other_down(tmp_path, whole):
    def fail_once(prompt, seed):
        if seed == 3:
            raise RuntimeError("out of memory")
        if seed == 4:
            return Video(torch.full((2, 3, 8, 8), torch.nan), fps=4.0)
        return make(prompt, seed)

    folder = VideoFolder(tmp_path / "videos")
    failed = make_share(folder, SAMPLES, fail_once)
    assert failed == {"s03": "out of memory", "s04": "frames are not finite"}
    assert make_share(folder, SAMPLES, make) == {}
    assert same(contents(folder.path), whole)


def test_made_ones_are_not_made_again(tmp_path):
    folder = VideoFolder(tmp_path)
    make_share(folder, SAMPLES[:5], make)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.mp4")}
    asked = []
    make_share(folder, SAMPLES, lambda prompt, seed: (asked.append(seed), make(prompt, seed))[1])
    assert asked == [5, 6]
    assert before.items() <= {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.mp4")}.items()


SLOWLY = """
import sys, time, torch
from pathlib import Path
from hdvg.video import Video
from vfmodel.evaluation.generation.make_missing import make_share
from vfmodel.evaluation.generation.video_folder import VideoFolder
from vfmodel.evaluation.plan_samples import Sample
folder = VideoFolder(sys.argv[1])
samples = [Sample(name=f"s{i:02d}", prompt=f"prompt {i}", seed=i) for i in range(7)]
def make(prompt, seed):
    if seed == 3:  # half-way, with a file begun
        Path(folder.path / ".s03.1.partial.mp4").write_bytes(b"half a video")
        time.sleep(60)
    return Video(torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)), fps=4.0)
make_share(folder, samples, make)
"""


def test_after_kill_9_the_rest_is_made_and_all_is_as_if_nothing_was(tmp_path, whole):
    folder = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", SLOWLY, str(folder)])
    half = folder / ".s03.1.partial.mp4"
    while not half.exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(contents(folder)) == 3
    make_share(VideoFolder(folder), SAMPLES, make)
    assert same(contents(folder), whole)
    assert not half.exists()


def test_nothing_is_loaded_where_nothing_is_missing(tmp_path):
    make_share(VideoFolder(tmp_path), SAMPLES, make)
    make_on_workers(tmp_path, SAMPLES, MakerConfig(model="/nowhere"), 2, num_workers=2)


def test_if_all_fail_it_is_an_error(tmp_path, baseline_folder):
    config = MakerConfig(model=baseline_folder, steps=1, height=15, width=24)
    with pytest.raises(InputError, match="not one video could be made"):
        make_alone(tmp_path, SAMPLES[:2], config, 2, Team())


@pytest.mark.slow
def test_two_processes_make_what_one_makes_with_a_pipeline(tmp_path, baseline_folder, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    config = MakerConfig(model=baseline_folder, steps=2, height=16, width=24)
    make_alone(tmp_path / "one", SAMPLES, config, 2, Team())
    make_on_workers(tmp_path / "two", SAMPLES, config, 2, num_workers=2)
    assert same(contents(tmp_path / "two"), contents(tmp_path / "one"))


@pytest.mark.slow
def test_a_process_that_dies_is_said_to_have_died(tmp_path):
    with pytest.raises(InputError, match=r"2 of 2 processes ended early \(exit code 2\)"):
        make_on_workers(tmp_path, SAMPLES, MakerConfig(model="/nowhere"), 2, num_workers=2)
