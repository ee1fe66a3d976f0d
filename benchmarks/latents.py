"""What a training saves that reads latents instead of pixels, at the mini model's size.

    python -m benchmarks.latents [--data DATASET] [--rounds 5] [--json OUT]

Three ways to a batch take turns in one process with one thread, on the same windows: from pixels
through the autoencoder as training does on the fly ("pixels"), the same without the autoencoder
("pixels, not encoded"), and from a latent family ("latents"). Beside them a training step of the
mini model from latents that are there ("step"), so that the share of the data in a whole step is
seen. Figures are CPU-seconds of a batch of 4 clips with 8 frames of 96x176, the best of the rounds.

The family is written into a copy of the dataset first; that pass is timed too, once. Without
--data, the film of `benchmarks.clip_reading` is made and cut: 720p H.264, clips of at most 5 s.

Predicted before the first run: 0.9 CPU-s a batch from pixels (0.14 s a window to decode at 720p as
measured for `hdvg.pick_frames`, 0.08 s to encode), 0.002 s from latents, so 450 times less for the
data alone; a step of the mini model at 1.3 CPU-s then takes 1.7 times less in all. The pass
costs as much as 3 epochs of windows of a 5-second clip spare, because it encodes 5 times the frames
of a window in one go.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from lightning.pytorch import Trainer
from torch.utils.data import default_collate

from benchmarks.clip_reading import build
from hdvg import ClipDataset
from hdvg.latents.latent_dataset import LatentDataset
from vfmodel.latents_command import LatentsConfig, encode_to_family
from vfmodel.training import VideoDiffusion

BATCH = 4
CLIP: dict[str, Any] = {"num_frames": 8, "fps": 8.0, "height": 96, "width": 176}
Batch = dict[str, Any]


def read(dataset: ClipDataset | LatentDataset, turn: int) -> Batch:
    """The batch of a turn: clips one after the other, each time in another window."""
    epoch, first = divmod(BATCH * turn, len(dataset))
    dataset.set_epoch(epoch)
    return default_collate([dataset[(first + k) % len(dataset)] for k in range(BATCH)])


def cpu_s(work: Callable[[], object]) -> float:
    """CPU-seconds of one call."""
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def training_step(model: VideoDiffusion, batch: Batch) -> None:
    """Forward and backward, from latents."""
    model.training_step(batch, 0).backward()  # type: ignore[no-untyped-call]
    model.zero_grad()


def measure(data: Path, rounds: int) -> dict[str, float]:
    """All ways in turns; CPU-seconds of a batch, and what the pass cost."""
    model = VideoDiffusion()
    model.log = lambda *_, **__: None  # type: ignore[method-assign]
    team = {"global_rank": 0, "world_size": 1, "accumulate_grad_batches": 1}
    model.trainer = cast(Trainer, SimpleNamespace(global_step=0, **team))
    start_s = time.process_time()
    summary = encode_to_family(LatentsConfig(data=str(data), device="cpu"))
    pass_s = time.process_time() - start_s
    clips = ClipDataset(data, grid_fps=8.0, **CLIP)
    latents = LatentDataset(clips, summary.family)
    for turn in range(3):
        fly, there = model.latents_of(read(clips, turn)), read(latents, turn)["latents"]
        assert torch.equal(fly.half(), there.half()), "the windows differ"
    ways: dict[str, list[float]] = {
        "pixels": [],
        "pixels, not encoded": [],
        "latents": [],
        "step": [],
    }
    for turn in range(rounds):
        ways["pixels"].append(cpu_s(lambda: model.latents_of(read(clips, turn))))  # noqa: B023
        ways["pixels, not encoded"].append(cpu_s(partial(read, clips, turn)))
        ways["latents"].append(cpu_s(partial(read, latents, turn)))
        batch = read(latents, turn)
        ways["step"].append(cpu_s(partial(training_step, model, batch)))
    best = {name: min(seconds) for name, seconds in ways.items()}
    seconds = sum(row["end_s"] - row["start_s"] for row in clips.rows.to_pylist())
    media = sum(path.stat().st_size for path in (data / "media").iterdir())
    return best | {
        "data gain": best["pixels"] / best["latents"],
        "step gain": (best["pixels"] + best["step"]) / (best["latents"] + best["step"]),
        "clips": len(clips),
        "mean clip s": seconds / len(clips),
        "pass CPU-s a clip": pass_s / summary.num_made,
        "epochs to pay back": pass_s / len(clips) / ((best["pixels"] - best["latents"]) / BATCH),
        "family MB": summary.nbytes / 1e6,
        "media MB": media / 1e6,
    }


def main() -> int:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="a dataset to copy; none: make one")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all ways in turn")
    parser.add_argument("--json", type=Path, help="where the figures go")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(options.data or build(Path(folder))[1], data)
        shutil.rmtree(data / "latents", ignore_errors=True)
        for commits in (data / "commits").glob("latents.*"):
            shutil.rmtree(commits)
        found = measure(data, options.rounds)
    print("| what | figure |\n|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value:.4g} |")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
