"""Runs one stage of the demo as its own process and measures it."""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

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
    """Runs `python -m <command>`; a failing stage ends the demo with the stage's exit code."""
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    start, peak = time.monotonic(), 0
    process = subprocess.Popen([sys.executable, "-m", *command])
    while process.poll() is None:
        peak = max(peak, _memory_bytes(process.pid))
        time.sleep(_POLL_S)
    if process.returncode != 0:
        sys.exit(process.returncode)
    return Stage(
        name=name,
        wall_s=round(time.monotonic() - start, 1),
        peak_memory_mb=round(peak / 2**20, 1),
    )


def _memory_bytes(pid: int) -> int:
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended between being listed and being read
    return total


def write_summary(path: Path, stages: list[Stage], counts: dict[str, object]) -> None:
    """Writes `summary.json`: every stage's cost, the total, and the counts in and out."""
    total_s = round(sum(stage.wall_s for stage in stages), 1)
    summary = {"total_s": total_s, "stages": [asdict(stage) for stage in stages], "counts": counts}
    path.write_text(json.dumps(summary, indent=2) + "\n")
