"""Speed of upscaling 344x192 to 1376x768: ours, BasicSR's RCAN with the same weights, and others.

    make env-realesrgan        # once
    python -m benchmarks.upscale_speed [--rounds 3] [--compile] [--json out.json]

CPU-seconds a frame on one thread, the ways in turns in one run; a ratio is the median over rounds
of the ratio in a round, for the machine may have other work.

- BasicSR: its RCAN, 1 group of 8 blocks, with the shipped weights, as Real-ESRGAN runs it: float32,
  channels first, in the environment where it imports;
- forward, forward compiled: `RCAN.forward`, which is float32 with channels last; compiled by
  Inductor if --compile is given, as that takes minutes;
- float32, bfloat16: what `vfsr upscale` computes without memory, layer by layer and with the last
  convolution before the pixel shuffle (vfsr/strips.py), and the latter;
- direct, float32 and bfloat16: the same with the tail of one convolution, random weights;
- with memory: float32 with all of `FrameUpscaler`, which is the default;
- RRDBNet x4plus, SRVGG (animevideov3): Real-ESRGAN's networks, random weights, in that environment;
- end to end: a file of 344x192 to a file, decoding and encoding, per frame, and the seconds of the
  network within it. Wall-clock, since decoder and encoder work beside the network.

The limit is arithmetic: 188.9 GFLOP a frame, against what one thread reaches in a product of
matrices, measured in the same run. Before anything is timed, our frame is checked to be BasicSR's.

Asked: 1.3 times BasicSR's speed with the same network, end to end within 10 % of the network.
Profiled before: a convolution of 64 channels takes 27 ms with channels last and 81 with channels
first (float32, at the limit), 5 ms in bfloat16 with AMX; the tail is 60 % of the whole. Predicted
from that: forward 1.7 to 2 times BasicSR, float32 2.2 to 2.6, bfloat16 7 times, memory 0.1 s.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from benchmarks.realesrgan_oracle import REASON, Oracle, in_their_names, is_built
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import sample_scene
from hdvg.video import to_uint8, write_video
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.rcan import RCAN
from vfsr.strips import StripNetwork
from vfsr.upscale_film import upscale_file
from vfsr.weights import load_rcan

HEIGHT, WIDTH = 192, 344
GFLOP = 188.9
ASKED_TIMES, ASKED_SHARE = 1.3, 1.1
PEERS: dict[str, dict[str, Any]] = {
    "rcan": {"num_feat": 64, "num_group": 1, "num_block": 8},
    "rrdbnet": {"num_feat": 64, "num_block": 23, "num_grow_ch": 32, "scale": 4},
    "srvgg": {"num_feat": 64, "num_conv": 16, "upscale": 4, "act_type": "prelu"},
}
PEER_NAMES = {"rcan": "BasicSR", "rrdbnet": "RRDBNet x4plus", "srvgg": "SRVGG"}
FILM_FRAMES = 12
Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
Row = dict[str, Any]
Way = Callable[[], float]
"""Upscales a frame and returns the CPU-seconds that took."""


def film_frames(count: int) -> Tensor:
    """A scene of the shapes corpus, [T, 3, H, W] in [0, 1]."""
    scene = sample_scene(np.random.default_rng(4), 2.0)
    frames = render_frames(scene, [t / 12 for t in range(count)], HEIGHT, WIDTH)
    return torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float() / 255


def build_peers(oracle: Oracle, model: RCAN) -> None:
    """Has their networks made, BasicSR's with our weights."""
    for kind, sizes in PEERS.items():
        weights: dict[str, Any] = dict(in_their_names(model)) if kind == "rcan" else {}
        oracle.ask("build_network", settings={"network": kind, "sizes": sizes}, **weights)


def difference(oracle: Oracle, model: RCAN, frame: Tensor) -> float:
    """Largest difference of our frame from BasicSR's, which has zeros beyond the edge too."""
    theirs, _ = oracle.ask("enlarge", settings={"network": "rcan"}, images=frame[None])
    ours = StripNetwork(model, border="constant")(frame, HEIGHT, HEIGHT)
    return float((ours - theirs["images"][0]).abs().max())


def ways(oracle: Oracle, model: RCAN, frame: Tensor, compiles: bool) -> dict[str, Way]:
    """What is timed."""

    def theirs(kind: str) -> Way:
        return lambda: oracle.ask("enlarge", settings={"network": kind}, images=frame[None])[1]

    def ours(config: UpscalingConfig, network: RCAN = model) -> Way:
        upscaler = FrameUpscaler(network, config)
        return lambda: _seconds_of(lambda: upscaler(frame))

    result = {PEER_NAMES[kind]: theirs(kind) for kind in PEERS}
    result["forward"] = lambda: _seconds_of(lambda: model(frame[None]))
    if compiles:
        compiled = torch.compile(model)
        result["forward compiled"] = lambda: _seconds_of(lambda: compiled(frame[None]))
    direct = RCAN(replace(model.config, tail="direct"))
    for precision in PRECISIONS:
        alone = UpscalingConfig(precision=precision, temporal=False)
        result[precision] = ours(alone)
        result[f"direct, {precision}"] = ours(alone, direct)
    result["with memory"] = ours(UpscalingConfig())
    return result


@torch.no_grad()
def _seconds_of(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def peak_gflops() -> float:
    """What this thread reaches in a product of float32 matrices, in GFLOP a CPU-second."""
    side = 2048
    a, b = torch.rand(side, side), torch.rand(side, side)
    return 2 * side**3 / min(_seconds_of(lambda: a @ b) for _ in range(4)) / 1e9


def measure(timed: dict[str, Way], rounds: int) -> list[Row]:
    """One row a way, after a round that only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(rounds + 1):
        for name, way in timed.items():
            spent = way()
            if turn:
                seconds[name].append(spent)
    base = seconds["BasicSR"]
    return [
        {
            "way": name,
            "cpu_s": median(own),
            "range_s": [min(own), max(own)],
            "times_basicsr": median(b / s for b, s in zip(base, own, strict=True)),
        }
        for name, own in seconds.items()
    ]


def end_to_end(model: RCAN, precision: Precision, rounds: int) -> Row:
    """Wall-clock seconds a frame, of a file to a file and of its frames in memory, in turns."""
    config = UpscalingConfig(precision=precision)
    frames = film_frames(FILM_FRAMES)
    files, memory = [], []
    with TemporaryDirectory() as folder:
        source = write_video(Path(folder, "in.mp4"), to_uint8(frames.numpy()), 12)
        for turn in range(rounds):
            start = time.perf_counter()
            upscale_file(source, Path(folder, f"{turn}.mp4"), model=model, upscaling=config)
            files.append(time.perf_counter() - start)
            upscaler = FrameUpscaler(model, config)
            start = time.perf_counter()
            for frame in frames:
                upscaler(frame)
            memory.append(time.perf_counter() - start)
    return {
        "way": f"end to end, {precision}",
        "file_s": median(files) / FILM_FRAMES,
        "network_s": median(memory) / FILM_FRAMES,
        "share": median(f / m for f, m in zip(files, memory, strict=True)),
    }


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables; returns 1 if frames differ from BasicSR's or a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="also torch.compile's")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args(arguments)
    if not is_built():
        print(f"error: {REASON}")
        return 1
    torch.set_num_threads(1)
    model = load_rcan()
    frame = film_frames(1)[0]
    with Oracle() as oracle:
        build_peers(oracle, model)
        wrong = difference(oracle, model, frame)
        if not wrong < 1e-4:
            print(f"error: our frame differs from BasicSR's by {wrong:.2g}")
            return 1
        rows = measure(ways(oracle, model, frame, options.compile), options.rounds)
    films = [end_to_end(model, precision, options.rounds) for precision in PRECISIONS]
    peak = peak_gflops()
    print(f"torch {torch.__version__}, one thread, {WIDTH}x{HEIGHT}; products of matrices reach ")
    print(f"{peak:.0f} GFLOP/s, so {GFLOP / peak:.2f} s a frame; same frame to {wrong:.1g}")
    print(f"  {'way':<18}{'CPU-s':>8}{'range':>16}{'of BasicSR':>12}")
    for row in rows:
        low, high = row["range_s"]
        figures = f"{row['cpu_s']:>8.2f}{low:>9.2f}..{high:<5.2f}{row['times_basicsr']:>11.2f}x"
        print(f"  {row['way']:<18}{figures}")
    for row in films:
        figures = f"{row['file_s']:.2f} s, network {row['network_s']:.2f} s: {row['share']:.2f}"
        print(f"  {row['way']}: {figures}")
    if options.json:
        written = {"rows": rows, "end_to_end": films, "peak_gflops": peak}
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    faster = {row["way"]: row["times_basicsr"] for row in rows}["float32"]
    return 0 if faster >= ASKED_TIMES and films[0]["share"] <= ASKED_SHARE else 1


if __name__ == "__main__":
    raise SystemExit(main())
