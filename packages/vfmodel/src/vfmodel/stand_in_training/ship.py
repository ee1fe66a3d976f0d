"""Makes a finished run of mini_clips.yaml the model that ships with the package."""

from pathlib import Path

import torch

from vfmodel.export import export_checkpoint
from vfmodel.run_folder import RunFolder

# Where configs/vfmodel/mini_clips.yaml trains.
RUN = RunFolder("runs/mini_clips")


def ship_unet(out: Path) -> str:
    """Replaces `out/text_to_video` by the run's averaged weights, all in half precision."""
    folder = export_checkpoint(RUN.last_checkpoint, out / "text_to_video", torch.float16)
    size_mb = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return f"{folder}: {size_mb:.1f} MB"
