"""Flicker of upscaled films: bicubic, the network frame by frame, and ours with a film's memory.

    python -m benchmarks.flicker [--clips 3] [--frames 10] [--model FOLDER] [--json out.json]

Clips of 384x256 whose motion is known to the pixel: scenes of the shapes corpus with a scrolling
background ("shapes"), and a camera that pans over dead leaves by up to 9 pixels a frame ("leaves").
Each moves once, and once stands still on its first frame. They are made small in two ways: "noise"
is the light degradation, its draws held over the clip with fresh noise in every frame; "coded" is
bicubic shrinking, noise of 2 levels, and H.264 at crf 28 with a keyframe every 4 frames.

- flicker: mean absolute difference, in levels of 255, between a frame and the one before moved as
  the scene moved, where the clean clip does the same to within a level: the warping error; of a
  clip that stands still it is its change from frame to frame.
- PSNR against the clean clip, in dB, mean over frames.

No constant of the memory was chosen on these clips; those had other seeds.

Asked: 40 % less flicker than frame by frame, at no more than 0.05 dB of PSNR. Predicted: clips with
noise that stand still lose 80 %, since an average with 0.75 of the past leaves 0.19 of the changes
of white noise; moving ones 30 %, since half of their change is aliasing, which moves in another way
than the scene.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import sample_scene
from hdvg.video import decode, to_rgb, to_uint8, write_video
from vfsr.dead_leaves import render_dead_leaves
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.params import sample_params
from vfsr.degradation.replay import hold_over_clip
from vfsr.degradation.second_order import degrade
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.weights import load_rcan

HEIGHT, WIDTH = 256, 384
FPS = 12
FASTEST_PX = 9
CRF, KEYFRAME_EVERY = 28, 4
WAYS = ("bicubic", "frame by frame", "ours")
ASKED_SHARE, ASKED_DB = 0.6, -0.05
Row = dict[str, Any]


@dataclass(frozen=True)
class Clip:
    """Clean frames [T, 3, H, W] in [0, 1], and where the scene's origin lies in each, (y, x)."""

    frames: Tensor
    origins: list[tuple[int, int]]

    def standing_still(self) -> "Clip":
        """Its first frame, as long."""
        return Clip(self.frames[:1].expand_as(self.frames), self.origins[:1] * len(self.origins))


Size = tuple[int, int]


def shapes_clip(seed: int, count: int, size: Size | None = None) -> Clip:
    """A scene of the shapes corpus; its background moves by whole pixels."""
    height, width = size or (HEIGHT, WIDTH)
    scene = sample_scene(np.random.default_rng([19, seed]), 2.0)
    times_s = [0.6 + t / FPS for t in range(count)]
    scroll_x, scroll_y = scene.background.scroll
    origins = [(round(-scroll_y * s * height), round(-scroll_x * s * height)) for s in times_s]
    return Clip(_as_floats(render_frames(scene, times_s, height, width)), origins)


def leaves_clip(seed: int, count: int, size: Size | None = None) -> Clip:
    """A window that moves evenly over a picture."""
    height, width = size or (HEIGHT, WIDTH)
    rng = np.random.default_rng([18, seed])
    step_y, step_x = (int(v) for v in rng.integers(-FASTEST_PX, FASTEST_PX + 1, 2))
    reach = FASTEST_PX * count
    picture = render_dead_leaves(rng, height + 2 * reach, width + 2 * reach)
    origins = [(step_y * t, step_x * t) for t in range(count)]
    windows = [
        picture[reach + y : reach + y + height, reach + x : reach + x + width] for y, x in origins
    ]
    return Clip(_as_floats(np.stack(windows)), origins)


def _as_floats(frames: Any) -> Tensor:  # noqa: ANN401
    return torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float() / 255


def add_noise(clean: Tensor, seed: int) -> Tensor:
    """The small clip by the light degradation."""
    drawn = sample_params(torch.Generator().manual_seed(seed), 1, DegradationConfig.light())
    return degrade(clean, hold_over_clip(drawn, len(clean)))


def compress(clean: Tensor, seed: int) -> Tensor:
    """The small clip as a codec leaves it."""
    small = F.interpolate(clean, scale_factor=0.25, mode="bicubic", antialias=True)
    small = small + 2 / 255 * torch.randn(
        small.shape, generator=torch.Generator().manual_seed(seed)
    )
    coded = []
    with TemporaryDirectory() as folder:
        for part in torch.split(small, KEYFRAME_EVERY):
            path = write_video(Path(folder, "part.mp4"), to_uint8(part.numpy()), FPS, crf=CRF)
            coded += [to_rgb(frame) for frame in decode(path)]
    return _as_floats(np.stack(coded))


def flicker(frames: Tensor, clip: Clip) -> float:
    """Warping error in levels; see the head of this file."""
    total = count = 0.0
    for t in range(1, len(frames)):
        size = frames.shape[2], frames.shape[3]
        now, before = _same_places(size, clip.origins[t - 1], clip.origins[t])
        known = (clip.frames[t][now] - clip.frames[t - 1][before]).abs().amax(dim=0) < 1 / 255
        change = (frames[t][now] - frames[t - 1][before]).abs().mean(dim=0)
        total += float(change[known].sum())
        count += float(known.sum())
    return 255 * total / count


Place = tuple[slice, slice, slice]


def _same_places(frame: Size, before: tuple[int, int], now: tuple[int, int]) -> tuple[Place, Place]:
    """The part of a frame that the one before shows too, and where that shows it."""
    own, other = [slice(None)], [slice(None)]
    for size, then, here in zip(frame, before, now, strict=True):
        step = here - then
        own.append(slice(max(0, -step), size - max(0, step)))
        other.append(slice(max(0, step), size - max(0, -step)))
    return (own[0], own[1], own[2]), (other[0], other[1], other[2])


def psnr(frames: Tensor, clean: Tensor) -> float:
    """In dB, mean over frames."""
    error = (frames - clean).square().mean(dim=(1, 2, 3))
    return float((-10 * error.log10()).mean())


def upscalers(model: str | None) -> dict[str, Callable[[Tensor], Tensor]]:
    """Small clip to large clip, by way."""
    network = load_rcan(model)
    alone = FrameUpscaler(network, UpscalingConfig(temporal=False))
    film = FrameUpscaler(network)

    def by_memory(small: Tensor) -> Tensor:
        film.reset()
        return torch.stack([film(frame) for frame in small])

    def bicubic(small: Tensor) -> Tensor:
        return F.interpolate(small, scale_factor=4, mode="bicubic").clamp(0, 1)

    frame_by_frame = lambda small: torch.stack([alone(frame) for frame in small])  # noqa: E731
    return dict(zip(WAYS, (bicubic, frame_by_frame, by_memory), strict=True))


def measure(model: str | None, clips: int, count: int) -> Iterator[Row]:
    """One row for each kind of clip and way."""
    ways = upscalers(model)
    for kind, make in (("shapes", shapes_clip), ("leaves", leaves_clip)):
        made = [make(seed, count) for seed in range(clips)]
        for motion in ("moving", "still"):
            shown = made if motion == "moving" else [clip.standing_still() for clip in made]
            for dirt, shrink in (("noise", add_noise), ("coded", compress)):
                small = [shrink(clip.frames, seed) for seed, clip in enumerate(shown)]
                for way, enlarge in ways.items():
                    large = [enlarge(frames) for frames in small]
                    pairs = list(zip(large, shown, strict=True))
                    yield {
                        "clips": f"{kind}, {motion}, {dirt}",
                        "way": way,
                        "flicker": float(np.mean([flicker(a, b) for a, b in pairs])),
                        "psnr": float(np.mean([psnr(a, b.frames) for a, b in pairs])),
                    }


def verdicts(rows: list[Row]) -> list[Row]:
    """Ours beside frame by frame: share of its flicker, and PSNR gained."""
    found = {(row["clips"], row["way"]): row for row in rows}
    result = []
    for clips in dict.fromkeys(row["clips"] for row in rows):
        alone, ours = found[clips, "frame by frame"], found[clips, "ours"]
        share = ours["flicker"] / max(alone["flicker"], 1e-9)
        gain = ours["psnr"] - alone["psnr"]
        met = share <= ASKED_SHARE and gain >= ASKED_DB
        result.append({"clips": clips, "share": share, "gain_db": gain, "met": met})
    return result


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; returns 1 if still clips miss what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=3, help="of each kind")
    parser.add_argument("--frames", type=int, default=10, help="of each clip")
    parser.add_argument("--model", help="folder of the upscaler; the shipped one if not given")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = list(measure(options.model, options.clips, options.frames))
    print(f"{'clips':<24}{'way':<16}{'flicker':>9}{'PSNR':>8}")
    for row in rows:
        print(f"{row['clips']:<24}{row['way']:<16}{row['flicker']:>9.3f}{row['psnr']:>8.2f}")
    judged = verdicts(rows)
    for row in judged:
        word = "met" if row["met"] else "missed"
        print(f"{row['clips']:<24}{row['share']:>6.0%} flicker {row['gain_db']:>+7.3f} dB  {word}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "verdicts": judged}, indent=1) + "\n")
    return 0 if all(row["met"] for row in judged if "still" in row["clips"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
