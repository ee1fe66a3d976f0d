"""Training steps of video U-Nets with the same channels: ours beside two of diffusers'.

    python -m benchmarks.unet_step [--sizes mini scaled] [--rounds 5] [--threads 1] [--json OUT]
    python -m benchmarks.unet_step --sizes paper --device cuda --compile --precisions bf16

UNet3D is UNet3DConditionModel, ModelScope's layout; UNetMotion is UNetMotionModel, AnimateDiff's.
Ours runs as in both phases of its training: adding the two streams, and with Swap-CA. All take
turns in one process; printed are the median over rounds of the seconds for a forward pass and for
forward with backward, the range of the latter, and the median over rounds of its ratio to UNet3D's
in the same round. On CPUs seconds are CPU-seconds of the process, which other work on the machine
disturbs less than the clock. bf16 is autocast over float32 weights, as in training.

The peak is that of one forward and backward pass above what was in memory before the network was
built: on CPUs the resident set of a process forked for it alone, on a GPU torch's counter.
"saving" has gradient checkpointing, which diffusers' UNet3D has not. "of peak" is the share of
what large matrix products reach in the same precision; FLOPs as the network itself makes them, a
backward pass counted, work done twice not.

To reach on CPUs: adding at most 0.8 of UNet3D's time, with Swap-CA at most 1.0; the peak of ours,
saving, at most 0.6 of UNet3D's. Predicted before the first full run, time relative to UNet3D: at
"scaled" adding 0.75 to 0.9, Swap-CA 0.95 to 1.1, UNetMotion 0.8 to 1.0, peak 0.35 to 0.5; at "mini"
adding 0.5 to 0.7 and Swap-CA 0.7 to 0.9, because the shipped model has one temporal convolution
where UNet3D has four.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import UNetMotionModel
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.unets_to_compare import NETWORKS, SIZES, Size
from vfmodel.step_cost import measure_matmul_peak

PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}
TOKENS = 77
REFERENCE = "UNet3D"
# A network, and whether it checkpoints.
Case = tuple[str, bool]
CASES: list[Case] = [(name, False) for name in NETWORKS]
CASES += [(name, True) for name in NETWORKS if name != REFERENCE]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one network did at one size in one precision; `saving` is gradient checkpointing."""

    size: str
    precision: str
    network: str
    saving: bool
    forward_s: float
    step_s: float
    step_range_s: tuple[float, float]
    times_reference: float
    peak_mb: float
    share_of_matmul_peak: float


class Step:
    """A network with one batch of a size."""

    def __init__(self, name: str, size: Size, precision: str, device: str, saving: bool) -> None:
        torch.manual_seed(0)
        with torch.device(device):
            self.network: Any = NETWORKS[name](size)
            text = torch.randn(size.batch, TOKENS, size.config.text_dim)
            if isinstance(self.network, UNetMotionModel):
                # Its pipelines, too, repeat a prompt for each frame.
                text = text.repeat_interleave(size.config.num_frames, dim=0)
            self.given = (torch.randn(size.latents), torch.randint(0, 1000, (size.batch,)), text)
            self.noise = torch.randn(size.latents)
        if saving:
            self.network.enable_gradient_checkpointing()
        self.run: Callable[..., Any] = self.network
        self.device, self.dtype = torch.device(device), PRECISIONS[precision]

    def forward(self) -> Tensor:
        """The loss."""
        with torch.autocast(self.device.type, torch.bfloat16, self.dtype == torch.bfloat16):
            predicted = self.run(*self.given, return_dict=False)[0]
        return (predicted.float() - self.noise).square().mean()

    def forward_alone(self) -> None:
        """Without a graph."""
        with torch.no_grad():
            self.forward()

    def train(self) -> None:
        """Forward and backward; gradients are dropped."""
        self.forward().backward()  # type: ignore[no-untyped-call]
        self.network.zero_grad(set_to_none=True)

    def seconds(self, backward: bool) -> float:
        """Of one pass, with or without the backward half."""
        clock = _clock(self.device)
        _wait_for(self.device)
        start = clock()
        self.train() if backward else self.forward_alone()
        _wait_for(self.device)
        return clock() - start


def count_flops(name: str, size: Size) -> int:
    """Of a forward and backward pass, counted on shapes without data."""
    step = Step(name, size, "float32", "meta", saving=False)
    with FlopCounterMode(display=False) as counter:
        step.network(*step.given, return_dict=False)[0].sum().backward()
    return int(counter.get_total_flops())


def _clock(device: torch.device) -> Callable[[], float]:
    return time.process_time if device.type == "cpu" else time.perf_counter


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_peak(name: str, size: Size, precision: str, device: str, saving: bool) -> float:
    """MB that one step takes above what the process held before it built the network."""
    if device == "cpu":
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.apply(_peak_here, (name, size, precision, saving))
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    Step(name, size, precision, device, saving).train()
    return (torch.cuda.max_memory_allocated() - before) / 1e6


def _peak_here(name: str, size: Size, precision: str, saving: bool) -> float:
    torch.set_num_threads(1)
    before = _status_mb("VmRSS")
    Step(name, size, precision, "cpu", saving).train()
    return _status_mb("VmHWM") - before


def _status_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def compare(
    size: str, precision: str, peaks: dict[Case, float], options: argparse.Namespace
) -> list[Result]:
    """One row for each network, and another one where it can checkpoint."""
    device, cases = options.device, list(peaks)
    steps = [Step(name, SIZES[size], precision, device, saving) for name, saving in cases]
    flops = {name: count_flops(name, SIZES[size]) for name in NETWORKS}
    for step in steps:
        if options.compile:
            step.run = torch.compile(step.network, dynamic=False)
        step.train()  # warms up
    forward: list[list[float]] = [[] for _ in cases]
    both: list[list[float]] = [[] for _ in cases]
    for _ in range(options.rounds):
        for place, step in enumerate(steps):
            forward[place].append(step.seconds(backward=False))
            both[place].append(step.seconds(backward=True))
    place_of_work = torch.device(device)
    peak_flops = measure_matmul_peak(place_of_work, PRECISIONS[precision], _clock(place_of_work))
    return [
        Result(
            size=size,
            precision=precision,
            network=name,
            saving=saving,
            forward_s=median(forward[place]),
            step_s=median(both[place]),
            step_range_s=(min(both[place]), max(both[place])),
            times_reference=median(
                mine / theirs for mine, theirs in zip(both[place], both[0], strict=True)
            ),
            peak_mb=peaks[name, saving],
            share_of_matmul_peak=flops[name] / median(both[place]) / peak_flops,
        )
        for place, (name, saving) in enumerate(cases)
    ]


def show(results: list[Result]) -> None:
    """Prints the rows of one size and precision."""
    print(f"\n{results[0].size}: {SIZES[results[0].size].label()}, {results[0].precision}")
    print("                          forward     step     range        of UNet3D  peak MB  of peak")
    for row in results:
        name = f"{row.network}{', saving' if row.saving else ''}"
        low, high = row.step_range_s
        print(
            f"  {name:<23}{row.forward_s:>9.3f}{row.step_s:>9.3f}  {low:.3f}..{high:.3f}"
            f"{row.times_reference:>10.2f}{row.peak_mb:>11.0f}{row.share_of_matmul_peak:>9.1%}",
            flush=True,
        )


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["mini", "scaled"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of the process, on CPUs")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--compile", action="store_true", help="run what torch.compile makes")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.device}, {options.threads} threads")
    results: list[Result] = []
    runs = [(size, precision) for size in options.sizes for precision in options.precisions]
    # All of them first: nothing has started threads that a forked process would lack, and no heap
    # holds what a step before it has freed and this one would be served from.
    peaks = [
        {
            (name, saving): measure_peak(name, SIZES[size], precision, options.device, saving)
            for name, saving in CASES
        }
        for size, precision in runs
    ]
    for (size, precision), own in zip(runs, peaks, strict=True):
        results += compare(size, precision, own, options)
        show(results[-len(CASES) :])
    if options.json:
        rows = [asdict(row) for row in results]
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
