"""Does the mini model obey its prompt? Judged by a tracker that has not been trained.

    python -m benchmarks.mini_quality [--model DIR] [--steps 25] [--sheet out.png] [--json out.json]

Half of the 128 prompts are combinations of colour, shape, motion and background that no training
saw (`hdvg.shapes.scene.is_held_out`). They ask for one object each and for no watermark; 32 more
ask for stock footage, which carries one. Every prompt's scene is also rendered and judged, as it is
and through the model's autoencoder: what the tracker misses there nobody can expect of the model.

To reach: colour and background 95 %, direction 90 % (motion where left, right, up or down is asked
for), shape 85 %, free of a watermark 95 %.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvg.contact_sheet import save_contact_sheet
from hdvg.errors import InputError, run_command
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.evaluation.prompt_accuracy import Share, add_up, compare, confuse
from vfmodel.evaluation.shapes_prompts import ShapesPrompt, draw_prompts
from vfmodel.evaluation.shapes_tracker import Seen, track
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.text_to_video import load_pipeline

TARGETS = {"colour": 0.95, "background": 0.95, "shape": 0.85, "direction": 0.90, "watermark": 0.95}
# Prompts at a time: on a CPU more of them are no faster, and this many need about 1 GB.
BATCH = 8


class Screen:
    """Frames of every prompt from one source: rendered, through the autoencoder, or sampled."""

    def __init__(self, pipeline: VideoFactoryPipeline, prompts: list[ShapesPrompt]) -> None:
        self.pipeline = pipeline
        self.prompts = prompts
        sizes = pipeline.unet.config
        self.autoencoder = VideoAutoencoder(pipeline.vae)
        factor = self.autoencoder.factor
        self.shape = (sizes.num_frames, float(sizes.fps))
        self.size = (sizes.sample_height * factor, sizes.sample_width * factor)

    def rendered(self) -> list[Tensor]:
        """Each prompt's scene as the corpus would show it, [T, 3, H, W] in [0, 1]."""
        return [prompt.render(*self.shape, *self.size).float() / 255.0 for prompt in self.prompts]

    def coded(self) -> list[Tensor]:
        """The same through the autoencoder."""
        device = self.pipeline.device
        return [
            self.autoencoder.decode(self.autoencoder.encode(clip.transpose(0, 1)[None].to(device)))[
                0
            ]
            .transpose(0, 1)
            .cpu()
            for clip in self.rendered()
        ]

    def sampled(self, steps: int, guidance: float, seed: int) -> list[Tensor]:
        """What the model makes of each prompt; every prompt has a noise of its own."""
        clips: list[Tensor] = []
        for first in range(0, len(self.prompts), BATCH):
            part = self.prompts[first : first + BATCH]
            generators = [
                torch.Generator().manual_seed(seed * 100_000 + first + place)
                for place in range(len(part))
            ]
            (frames,) = self.pipeline(
                [prompt.text for prompt in part],
                generator=generators,
                num_inference_steps=steps,
                guidance_scale=guidance,
                return_dict=False,
            )
            clips += list(frames.float().cpu())
        return clips

    def judge(self, clips: list[Tensor]) -> list[Seen]:
        """What the tracker sees in each clip."""
        return [track(clip, self.shape[1]) for clip in clips]


def show(name: str, shares: dict[str, dict[str, Share]]) -> None:
    """Prints one row for each group of prompts."""
    for group, row in shares.items():
        count = next(iter(row.values())).count
        cells = "".join(
            f"{100 * share.share:>6.1f} [{100 * share.low:3.0f},{100 * share.high:4.0f}]"
            for share in row.values()
        )
        print(f"{name:<20}{group:<8}{count:>4}{cells}", flush=True)


def summarise(prompts: list[ShapesPrompt], seen: list[Seen]) -> dict[str, Any]:
    """The figures of one source, as plain data."""
    return {
        "shares": {
            group: {name: {**asdict(share), "share": share.share} for name, share in row.items()}
            for group, row in add_up(prompts, seen).items()
        },
        "confusion": {
            name: confuse(prompts, seen, name)
            for name in ("motion", "shape", "colour", "background")
        },
        "clips": [
            {"prompt": prompt.text, "unseen": prompt.unseen, **asdict(shown)}
            for prompt, shown in zip(prompts, seen, strict=True)
        ],
    }


def save_sheet(
    path: Path, prompts: list[ShapesPrompt], clips: list[Tensor], seen: list[Seen]
) -> None:
    """Every clip with its prompt and what was seen instead, if anything was."""
    cells = []
    for prompt, clip, shown in zip(prompts, clips, seen, strict=True):
        wrong = [
            f"{name}: {getattr(shown, name)}"
            for name, right in compare(prompt, shown).items()
            if not right
        ]
        verdict = f"WRONG {', '.join(wrong)}" if wrong else "right"
        pixels = (clip * 255.0).round().byte().numpy()
        label = f"{prompt.text} ({'unseen' if prompt.unseen else 'seen'}): {verdict}"
        cells.append((pixels, label))
    save_contact_sheet(path, cells, columns=2, frames_per_clip=4)


def missed(shares: dict[str, dict[str, Share]]) -> list[str]:
    """What fell short of its target, in words."""
    return [
        f"{name} {group}: {100 * row[name].share:.1f} % of {100 * target:.0f} %"
        for group, row in shares.items()
        for name, target in TARGETS.items()
        if name in row and row[name].share < target
    ]


def run(options: argparse.Namespace) -> int:
    """Prints the tables; returns 1 if a target is missed.

    Raises:
        InputError: No such model, or more prompts than there are combinations.
    """
    pipeline = load_pipeline(options.model)
    pipeline.set_progress_bar_config(disable=True)
    sizes = pipeline.unet.config
    clip_s = (sizes.num_frames - 1) / sizes.fps
    if clip_s > 2.0:
        raise InputError(
            f"clips of {clip_s:g} s are longer than the corpus' scenes: {options.model}"
        )
    prompts = draw_prompts(options.num_prompts, options.seed, clip_s)
    stock = draw_prompts(options.num_stock, options.seed, clip_s, stock=True)
    print(
        "per cent right [95 % interval]  "
        "colour, background, shape, motion, no mark, all five, direction where asked"
    )
    figures: dict[str, Any] = {}
    main, marked = Screen(pipeline, prompts), Screen(pipeline, stock)
    for screen, kind in ((main, ""), (marked, ", stock")):
        for name, clips in (("rendered", screen.rendered()), ("autoencoder", screen.coded())):
            seen = screen.judge(clips)
            show(name + kind, {"all": add_up(screen.prompts, seen)["all"]})
            figures[name + kind] = summarise(screen.prompts, seen)
    start = time.perf_counter()
    clips = main.sampled(options.steps, options.guidance, options.seed)
    seconds = time.perf_counter() - start
    seen = main.judge(clips)
    shares = add_up(prompts, seen)
    show("model", shares)
    figures["model"] = summarise(prompts, seen)
    if options.sheet:
        save_sheet(options.sheet, prompts, clips, seen)
    stock_seen = marked.judge(marked.sampled(options.steps, options.guidance, options.seed + 1))
    show("model, stock", {"all": add_up(stock, stock_seen)["all"]})
    figures["model, stock"] = summarise(stock, stock_seen)
    print(
        f"{seconds / len(prompts):.2f} s a clip,"
        f" {options.steps} steps, guidance {options.guidance:g}"
    )
    figures["settings"] = {
        "model": str(options.model),
        "steps": options.steps,
        "guidance": options.guidance,
        "seed": options.seed,
        "seconds_a_clip": seconds / len(prompts),
    }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    short = missed(shares)
    print("\n".join(short) if short else "every target is reached")
    return 1 if short else 0


def main(arguments: list[str] | None = None) -> int:
    """Parses a command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", default=STAND_IN_PIPELINE, help="a model folder; the shipped one"
    )
    parser.add_argument("--num-prompts", type=int, default=128)
    parser.add_argument("--num-stock", type=int, default=32, help="prompts for stock footage")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet (PNG) there")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    run_command(main)
