"""Runs one stage of the demo as a process of its own and measures it."""

import subprocess
import sys
import time
from dataclasses import dataclass

import psutil

_POLL_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one stage cost."""

    name: str
    wall_s: float
    peak_memory_mb: float
    """Highest sum of proportional set sizes over the process and its children."""


def run_stage(name: str, *command: str) -> Stage:
    """Runs `python -m <command>`; a stage that fails ends the demo with its exit code."""
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    start, peak = time.monotonic(), 0
    process = subprocess.Popen([sys.executable, "-m", *command])
    while process.poll() is None:
        peak = max(peak, memory_bytes(process.pid))
        time.sleep(_POLL_S)
    if process.returncode != 0:
        sys.exit(process.returncode)
    wall_s = round(time.monotonic() - start, 1)
    return Stage(name=name, wall_s=wall_s, peak_memory_mb=round(peak / 2**20, 1))


def memory_bytes(pid: int) -> int:
    """Memory of a process and its children, pages that they share counted once."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        pass  # one of them ended while it was read; the next reading is half a second away
    return total


def merge_stages(stages: list[Stage]) -> list[Stage]:
    """Stages of one name as one: times add up, the highest peak counts."""
    names = list(dict.fromkeys(stage.name for stage in stages))
    groups = [[stage for stage in stages if stage.name == name] for name in names]
    return [
        Stage(
            name=group[0].name,
            wall_s=round(sum(stage.wall_s for stage in group), 1),
            peak_memory_mb=max(stage.peak_memory_mb for stage in group),
        )
        for group in groups
    ]
