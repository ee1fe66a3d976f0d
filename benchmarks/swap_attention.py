"""The attention of Swap-CA: exact ragged windows, beside what else computes it, or replaces it.

    python -m benchmarks.swap_attention [--levels 0 1 2 3] [--rounds 5] [--json out.json]

At every level of the paper's U-Net (16 frames, window 8 x 12 x 11, shift 0 and 4), from tokens in
clip order to tokens in clip order:

- ours: `vfmodel.windows`, one gather in, a dense call for each window shape, one gather out;
- pad and mask: what Swin-like code does when it does it right: pad to whole windows, roll
  along time, one call with a mask that keeps padding and rolled-in frames apart;
- FlexAttention: compiled, with a block mask, in our window order; run where windows are shifted,
  since every size is compiled anew, and forward, since it has no backward on CPUs;
- global: attention over all tokens, which the windows stand in for; its result is another one, and
  has no shift.

The ways take turns in one process, and a ratio is the median over rounds of the ratio in a round.
On CPUs seconds are CPU-seconds, which other work disturbs less than the clock; `OMP_NUM_THREADS=1`
keeps out of them the time in which one thread waits for another.
The first three have to agree, gradients included, or the run ends with exit code 1. The sum at the
end is over all eight Swap-CA of the U-Net: an unshifted and a shifted one at each level.

Predicted before the first full run, on CPU cores, time as a multiple of ours (forward with
backward): pad and mask 1.3 to 1.6 with a shift and 1.1 to 1.3 without at 24x43, where 43 columns
leave a tenth of a window to pad; 1.0 without a shift and 1.3 to 1.8 with one at the smaller levels,
where nothing is padded and the shift alone makes a mask necessary; global 10 to 20 at 24x43, 3 to 5
at 12x22, about 2 at 6x11 and 1 at 3x6; FlexAttention 1.5 to 3 forward. Sum over the U-Net: pad and
mask 1.3 to 1.5.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.window_attention_ways import WAYS, Case, Way, paper_case

# Global attention at the largest level takes seconds; two rounds tell enough of a factor of ten.
GLOBAL_ROUNDS = 2
# Float32 sums in another order, as a share of the largest value.
AGREE = 2e-4


def time_once(way: Way, given: list[Tensor], towards: Tensor | None) -> tuple[list[Tensor], float]:
    """Output and gradients (if there is somewhere to go), and the seconds they took."""
    clock = time.process_time if given[0].device.type == "cpu" else time.perf_counter
    _wait_for(given[0].device)
    start = clock()
    with torch.set_grad_enabled(towards is not None):
        output = way(*given)
        grads = () if towards is None else torch.autograd.grad(output, given, towards)
    _wait_for(given[0].device)
    return [output.detach(), *grads], clock() - start


def measure(case: Case, backward: bool, rounds: int, names: list[str]) -> dict[str, list[float]]:
    """Seconds of every way in every round, the ways taking turns.

    Raises:
        ValueError: Two ways that should agree do not.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    generator = torch.Generator(device).manual_seed(0)
    shape = (1, case.size[0] * case.size[1] * case.size[2], case.channels)
    *given, towards = torch.randn((4, *shape), generator=generator, device=device).unbind()
    for tensor in given:
        tensor.requires_grad_(backward)
    target = towards if backward else None
    ways = {name: WAYS[name](case, device) for name in names}
    results = {name: time_once(way, given, target)[0] for name, way in ways.items()}  # warms up
    for name in set(names) - {"ours", "global"}:
        for got, wanted in zip(results[name], results["ours"], strict=True):
            if (got - wanted).abs().max() > AGREE * wanted.abs().max():
                raise ValueError(f"{case.label()}: {name} disagrees with ours")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            if name != "global" or turn < GLOBAL_ROUNDS:
                seconds[name].append(time_once(way, given, target)[1])
    return seconds


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def compare(case: Case, backward: bool, rounds: int, with_flex: bool) -> list[dict[str, Any]]:
    """One row for each way: seconds, and how many times ours."""
    # Attention calls of ours, so that a reader sees what ragged windows cost in launches.
    left_out = set()
    if backward or not case.shift or not with_flex:
        left_out.add("flex")
    if case.shift:
        left_out.add("global")
    names = [name for name in WAYS if name not in left_out]
    seconds = measure(case, backward, rounds, names)
    rows: list[dict[str, Any]] = []
    for name in names:
        ratios = [
            theirs / mine for theirs, mine in zip(seconds[name], seconds["ours"], strict=False)
        ]
        rows.append(
            {
                "case": case.label(),
                "pass": "forward and backward" if backward else "forward",
                "way": name,
                "ms": 1e3 * median(seconds[name]),
                "times_ours": median(ratios),
            }
        )
    return rows


def add_up(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Milliseconds over all cases, of the two ways that ran in each of them."""
    sums: list[dict[str, Any]] = []
    for direction in dict.fromkeys(row["pass"] for row in rows):
        total = {
            way: sum(r["ms"] for r in rows if (r["way"], r["pass"]) == (way, direction))
            for way in ("ours", "pad and mask")
        }
        for way, ms in total.items():
            sums.append(
                {
                    "case": "all cases",
                    "pass": direction,
                    "way": way,
                    "ms": ms,
                    "times_ours": ms / total["ours"],
                }
            )
    return sums


def show(rows: list[dict[str, Any]]) -> None:
    """Prints rows of one case and pass."""
    print(f"{rows[0]['case']}, {rows[0]['pass']}")
    for row in rows:
        print(
            f"  {row['way']:<14}{row['ms']:>10.2f} ms{row['times_ours']:>8.2f} x ours", flush=True
        )


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; returns 1 if two ways that should agree do not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-flex", action="store_true", help="FlexAttention compiles for a while")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for level in options.levels:
        for shifted in (False, True):
            for backward in (False, True):
                case = paper_case(level, shifted)
                try:
                    more = compare(case, backward, options.rounds, not options.no_flex)
                except ValueError as error:
                    print(f"error: {error}")
                    return 1
                show(more)
                rows += more
    sums = add_up(rows)
    for first in range(0, len(sums), 2):
        show(sums[first : first + 2])
    rows += sums
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
