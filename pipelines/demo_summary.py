"""`summary.json` of the demo: the cost of every stage, and the counts in and out."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as pq

from hdvg.video import decode
from pipelines.loss_curves import read_losses
from pipelines.stages import Stage, merge_stages


def write_summary(out: Path, stages: list[Stage], setup_s: float) -> Path:
    """Writes `out/summary.json` and returns its path."""
    merged = merge_stages(stages)
    summary = {
        "setup_s": setup_s,
        "total_s": round(setup_s + sum(stage.wall_s for stage in merged), 1),
        "stages": [asdict(stage) for stage in merged],
        "counts": {
            "dataset": count_dataset(out / "dataset"),
            "training_steps": {
                run: read_losses(out / run / "metrics.csv")[0][-1] + 1
                for run in ("model_run", "upscaler_run")
            },
            "clips": {path.name: count_frames(path) for path in sorted(out.glob("clips/*.mp4"))},
        },
    }
    path = out / "summary.json"
    path.write_text(json.dumps(summary, indent=2) + "\n")
    return path


def count_dataset(data: Path) -> dict[str, object]:
    """Videos in, how each ended, and the clips that came out of them."""
    videos = pq.read_table(data / "videos").to_pylist()
    failed = [f"{row['fail_class']}/{row['fail_code']}" for row in videos if row["fail_class"]]
    return {
        "videos": len(videos),
        "ok": len(videos) - len(failed),
        "failures": dict(sorted(Counter(failed).items())),
        "clips": sum(row["num_clips"] for row in videos),
    }


def count_frames(path: Path) -> int:
    """Frames that a video file shows."""
    return sum(1 for _ in decode(path))
