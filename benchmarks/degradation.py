"""The degradation, ours beside Real-ESRGAN's, on the same images and one core each.

    make env-realesrgan        # once
    python -m benchmarks.degradation [--crops 12] [--rounds 10] [--json out.json]

CPU milliseconds per 256x256 crop of each stage and of the whole; both sides have one thread, and
their CPU time is what a busy neighbour changes least. Theirs is BasicSR 1.4.2 called by
Real-ESRGAN 0.3.0's own training step, in the environment where they import; both take turns in
one run, and a ratio is the median over rounds of the ratio in a round.

- kernels: one 21x21 blur kernel an image, of all families, from the same drawn numbers;
- blur: with these kernels;
- sharpen: unsharp masking of the clean crop, from which both make the small one;
- resize: by a half, bilinear;
- noise: half of the crops Gaussian, half Poisson;
- jpeg: qualities 30 to 95, with kornia's beside them;
- degrade: everything but sharpening, from drawing the numbers to the rounded result;
- whole: with sharpening, as each project does it: theirs sharpens twice, since its pool of pairs
  may have put other crops in the place of those that it sharpened.

A stage that gives the same numbers in both is checked to do so before it is timed, or the run ends
with exit code 1. For `degrade` and `whole` theirs draws sizes once a batch, so that rounds differ;
here the ratio is that of the sums over all rounds.

Predicted before the first full run, ours faster by: kernels 5 to 20 times, blur 1 to 2, sharpen 10
to 20, resize 1, noise 2 to 5, jpeg 2 (kornia 5), degrade 2 to 3, whole 10 or more.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.realesrgan_oracle import REASON, Oracle, is_built
from vfsr.dead_leaves import render_dead_leaves
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.jpeg import jpeg_round_trip
from vfsr.degradation.kernels import blur_image, render_kernels
from vfsr.degradation.noise import add_gaussian, add_poisson
from vfsr.degradation.params import RESIZE_MODES, StageParams, sample_params
from vfsr.degradation.resize import resize_image
from vfsr.degradation.second_order import degrade
from vfsr.degradation.sharpen import sharpen

SIDE = 256
# Largest difference that sums in another order, or a detail of just the threshold, explain.
AGREE = {"kernels": 1e-6, "blur": 1e-5, "sharpen": 2e-3, "resize": 1e-5}
Row = dict[str, Any]


class Stages:
    """Each stage, by us and by them, over one batch of crops."""

    def __init__(self, oracle: Oracle, crops: int) -> None:
        rng = np.random.default_rng(0)
        leaves = np.stack([render_dead_leaves(rng, SIDE, SIDE) for _ in range(crops)])
        self.oracle = oracle
        self.images = torch.from_numpy(leaves).permute(0, 3, 1, 2).float().contiguous() / 255
        generator = torch.Generator().manual_seed(0)
        self.drawn: StageParams = sample_params(generator, crops, DegradationConfig()).first
        self.kernels = render_kernels(self.drawn.blur)
        self.quality = self.drawn.jpeg_quality.float()

    def ours(self, seed: int) -> dict[str, Callable[[], Tensor]]:
        """What is timed on this side."""
        return {
            "kernels": lambda: render_kernels(self.drawn.blur),
            "blur": self._blur,
            "sharpen": lambda: sharpen(self.images),
            "resize": self._resize,
            "noise": self._add_noise,
            "jpeg": lambda: jpeg_round_trip(self.images, self.quality),
            "degrade": lambda: degrade(self.images, generator=torch.Generator().manual_seed(seed)),
            "whole": lambda: degrade(
                sharpen(self.images), generator=torch.Generator().manual_seed(seed)
            ),
        }

    def theirs(self, seed: int) -> dict[str, Callable[[], tuple[dict[str, Tensor], float]]]:
        """What is timed on the other side; seconds are measured there."""
        ask, images, blur = self.oracle.ask, self.images, vars(self.drawn.blur)
        resizing = {"factor": 0.5, "mode": "bilinear"}
        return {
            "kernels": lambda: ask("render_kernels", **blur),
            "blur": lambda: ask("blur", images=images, kernels=self.kernels),
            "sharpen": lambda: ask("sharpen", images=images),
            "resize": lambda: ask("resize", settings=resizing, images=images),
            "noise": lambda: ask("noise", seed, images=images),
            "jpeg": lambda: ask("jpeg", images=images, quality=self.quality),
            "jpeg (kornia)": lambda: ask("jpeg_kornia", images=images, quality=self.quality),
            "degrade": lambda: ask("degrade", seed, settings={"sharpen": False}, images=images),
            "whole": lambda: ask("degrade", seed, settings={"sharpen": True}, images=images),
        }

    def _blur(self) -> Tensor:
        widths = self.drawn.blur.width.tolist()
        each = zip(self.images, self.kernels, widths, strict=True)
        return torch.stack([blur_image(*one) for one in each])

    def _resize(self) -> Tensor:
        size, mode = (SIDE // 2, SIDE // 2), RESIZE_MODES.index("bilinear")
        return torch.stack([resize_image(image, size, mode) for image in self.images])

    def _add_noise(self) -> Tensor:
        half = len(self.images) // 2
        kinds = [add_gaussian] * half + [add_poisson] * (len(self.images) - half)
        levels = [15.0] * half + [1.5] * (len(self.images) - half)
        gray = self.drawn.noise_is_gray.tolist()
        seeds = self.drawn.noise_seed.tolist()
        each = zip(kinds, self.images, levels, gray, seeds, strict=True)
        return torch.stack([add(*rest) for add, *rest in each])


def disagreements(stages: Stages) -> list[str]:
    """Stages that should give equal numbers and do not."""
    ours, theirs = stages.ours(0), stages.theirs(0)
    wrong = []
    for name, limit in AGREE.items():
        result, _ = theirs[name]()
        difference = (ours[name]() - next(iter(result.values()))).abs().max().item()
        if not difference <= limit:
            wrong.append(f"{name} differs by {difference:.2g}, more than {limit:g}")
    return wrong


def measure(stages: Stages, rounds: int) -> list[Row]:
    """One row a stage, after a round that only warms up."""
    mine: dict[str, list[float]] = {}
    other: dict[str, list[float]] = {}
    for turn in range(rounds + 1):
        ours, theirs = stages.ours(turn), stages.theirs(turn)
        for name, ask in theirs.items():
            seconds = {name: ask()[1]}
            own = _seconds_of(ours[name.split(" ")[0]])
            if turn:
                mine.setdefault(name, []).append(own)
                other.setdefault(name, []).append(seconds[name])
    return [_row(name, mine[name], other[name], len(stages.images)) for name in mine]


def _seconds_of(work: Callable[[], Tensor]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _row(name: str, mine: list[float], other: list[float], crops: int) -> Row:
    ratios = [theirs / ours for ours, theirs in zip(mine, other, strict=True)]
    draws_sizes = name in ("degrade", "whole")
    mean = (lambda s: sum(s) / len(s)) if draws_sizes else median
    return {
        "stage": name,
        "ours_ms": 1e3 * mean(mine) / crops,
        "theirs_ms": 1e3 * mean(other) / crops,
        "times_faster": sum(other) / sum(mine) if draws_sizes else median(ratios),
    }


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; returns 1 if the environment is missing or a stage is not the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=12, help="in a batch")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args(arguments)
    if not is_built():
        print(f"error: {REASON}")
        return 1
    torch.set_num_threads(1)
    with Oracle() as oracle:
        stages = Stages(oracle, options.crops)
        wrong = disagreements(stages)
        if wrong:
            print(f"error: {'; '.join(wrong)}")
            return 1
        rows = measure(stages, options.rounds)
    print(f"torch {torch.__version__}, one thread, {options.crops} crops of {SIDE}x{SIDE}")
    print(f"  {'ms per crop':<16}{'ours':>10}{'theirs':>10}{'faster':>10}")
    for row in rows:
        figures = f"{row['ours_ms']:>10.2f}{row['theirs_ms']:>10.2f}{row['times_faster']:>9.1f}x"
        print(f"  {row['stage']:<16}{figures}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
