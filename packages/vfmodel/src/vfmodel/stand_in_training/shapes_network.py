"""Trains the network of shapes-FVD: what a rendered clip shows, and what was done to it.

Naming colour, shape, motion and background makes features that tell what is shown and how it moves.
A network that does nothing else passes over noise, blur and flicker, which is what a
distance of videos must not; so it also has to name how a clip was spoilt.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from hdvg.errors import InputError
from hdvg.shapes.overlay import stamp_watermark
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import BACKGROUNDS, COLOURS, MOTIONS, SHAPES, sample_scene
from vfmodel.evaluation.fit_frames import fit_frames
from vfmodel.evaluation.fvd.feature_network import to_range
from vfmodel.evaluation.fvd.shapes_network import (
    FIGURE,
    HEIGHT_PX,
    NUM_FEATURES,
    WIDTH_PX,
    ShapesNet,
)
from vfmodel.scene_clips import SCENE_RANGE_S
from vfmodel.stand_in_training.vae import cosine_warmup

LOG = logging.getLogger(__name__)

HARM = ("none", "noise", "blur", "shuffled frames", "flicker")
# What is asked of a clip, and the answers.
QUESTIONS = {
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "motion": MOTIONS,
    "background": tuple(BACKGROUNDS),
    "watermark": ("no", "yes"),
    "harm": HARM,
}
# The mini model's clip and frame rate, and the first mini model's.
_NUM_FRAMES = 8
_RATES = (4.0, 8.0)
_STOCK_PROB = 0.25
_HARM_PROB = 0.5
# The corpus' own size, brought to the network's in the way that FVD does by default.
_RENDERED = (96, 176)
_FIT = (f"resize {HEIGHT_PX}x{WIDTH_PX} bilinear antialias",)


@dataclass(frozen=True, kw_only=True)
class ShapesNetworkConfig:
    """Its training; chosen here for some ten minutes on one CPU core."""

    num_clips: int = 6000
    """Scenes rendered beforehand; harm is done to them anew each time."""
    num_steps: int = 1600
    """Optimiser steps."""
    batch_size: int = 32
    """Clips a step."""
    lr: float = 2e-3
    """Peak learning rate of AdamW; linear warm-up over 50 steps, then a cosine to zero."""
    seed: int = 0
    """Seeds the scenes, the weights and the harm."""

    def __post_init__(self) -> None:
        for name in ("num_clips", "num_steps", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")


def render_clip(seed: int, index: int) -> tuple[UInt8[Tensor, "T 3 H W"], dict[str, int]]:
    """A random scene at the network's size, and the answers to all questions but "harm"."""
    rng = np.random.default_rng((seed, index))
    scene = sample_scene(rng, float(rng.uniform(*SCENE_RANGE_S)))
    stock = bool(rng.random() < _STOCK_PROB)
    fps = float(rng.choice(_RATES))
    start_s = rng.uniform(0.0, scene.duration_s - (_NUM_FRAMES - 1) / fps)
    times_s = [start_s + frame / fps for frame in range(_NUM_FRAMES)]
    frames = render_frames(scene, times_s, *_RENDERED)
    if stock:
        for frame in frames:
            stamp_watermark(frame)
    first = scene.objects[0]
    shown = {
        "colour": first.colour,
        "shape": first.shape,
        "motion": first.motion,
        "background": scene.background.colour,
        "watermark": ("no", "yes")[stock],
    }
    answers = {name: QUESTIONS[name].index(word) for name, word in shown.items()}
    layout = torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))
    return fit_frames(layout, _FIT), answers


def spoil(
    clip: UInt8[Tensor, "T 3 H W"], harm: str, generator: torch.Generator
) -> UInt8[Tensor, "T 3 H W"]:
    """Does one of `HARM` to a clip, a little or a lot."""
    strength = float(torch.rand((), generator=generator))
    values = clip.float()
    if harm == "noise":
        values = values + torch.randn(values.shape, generator=generator) * (3 + 22 * strength)
    elif harm == "blur":
        sigma = 0.6 + 2.4 * strength
        reach = torch.arange(-6, 7)
        kernel = torch.exp(-0.5 * (reach / sigma) ** 2)
        kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
        for weight, margin in ((kernel, (6, 6, 0, 0)), (kernel.transpose(2, 3), (0, 0, 6, 6))):
            padded = functional.pad(values, margin, mode="replicate")
            values = functional.conv2d(padded, weight, groups=3)
    elif harm == "shuffled frames":
        values = values[torch.randperm(len(values), generator=generator)]
    elif harm == "flicker":
        gain = torch.randn((len(values), 1, 1, 1), generator=generator) * (0.03 + 0.17 * strength)
        values = values * (1 + gain)
    return values.round().clamp(0, 255).to(torch.uint8)


def train_shapes_network(
    clips: UInt8[Tensor, "N T 3 H W"],
    answers: dict[str, Int[Tensor, "N"]],
    config: ShapesNetworkConfig,
) -> tuple[ShapesNet, nn.ModuleDict]:
    """Trains on rendered clips and returns the network, and a head for each question."""
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    network = ShapesNet()
    heads = nn.ModuleDict(
        {name: nn.Linear(NUM_FEATURES, len(words)) for name, words in QUESTIONS.items()}
    )
    parameters = [*network.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: cosine_warmup(step, config.num_steps, warmup_steps=50)
    )
    for step in range(config.num_steps):
        which = torch.randint(len(clips), (config.batch_size,), generator=generator)
        batch, harm = spoil_some(clips[which], generator)
        wanted = {name: values[which] for name, values in answers.items()} | {"harm": harm}
        with torch.autocast("cpu", torch.bfloat16):
            features = network(to_range(batch, (-1.0, 1.0)).transpose(1, 2))
        losses = question_losses(heads, features.float(), wanted)
        loss = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            parts = ", ".join(f"{name} {value.item():.2f}" for name, value in losses.items())
            LOG.info("%s network step %d: %s", FIGURE, step, parts)
    return network.eval(), heads.eval()


def spoil_some(
    clips: UInt8[Tensor, "B T 3 H W"], generator: torch.Generator
) -> tuple[UInt8[Tensor, "B T 3 H W"], Int[Tensor, "B"]]:
    """Does harm to half of the clips; and which, by its place in `HARM`."""
    chosen = torch.randint(1, len(HARM), (len(clips),), generator=generator)
    harm = chosen * (torch.rand(len(clips), generator=generator) < _HARM_PROB)
    spoilt = [spoil(clip, HARM[kind], generator) for clip, kind in zip(clips, harm, strict=True)]
    return torch.stack(spoilt), harm


def question_losses(
    heads: nn.ModuleDict, features: Float[Tensor, "B 64"], wanted: dict[str, Int[Tensor, "B"]]
) -> dict[str, Float[Tensor, ""]]:
    """Cross-entropy of each question; shuffled frames have no motion to be asked for."""
    ordered = wanted["harm"] != HARM.index("shuffled frames")
    losses = {}
    for name, head in heads.items():
        counts = ordered if name == "motion" else torch.ones_like(ordered)
        each = functional.cross_entropy(head(features.relu()), wanted[name], reduction="none")
        losses[name] = (each * counts).sum() / counts.sum().clamp(min=1)
    return losses


def make_shapes_network(out: Path) -> str:
    """Trains on rendered scenes and writes `out/shapes_fvd/model.safetensors`."""
    config = ShapesNetworkConfig()
    network, heads = train_shapes_network(*render_clips(config.seed, config.num_clips), config)
    shares = answer_shares(network, heads, *render_clips(config.seed + 1, 400))
    folder = out / "shapes_fvd"
    folder.mkdir(parents=True, exist_ok=True)
    save_shapes_network(network, folder / "model.safetensors", config)
    words = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    return f"{folder}: of 400 unseen clips it names {words}"


def save_shapes_network(network: ShapesNet, path: Path, config: ShapesNetworkConfig) -> None:
    """Writes the weights in half precision, with the name of the figure that they make."""
    weights = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    save_file(weights, path, {"figure": FIGURE, "trained": json.dumps(asdict(config))})


def render_clips(
    seed: int, count: int
) -> tuple[UInt8[Tensor, "N T 3 H W"], dict[str, Int[Tensor, "N"]]]:
    """Clips 0 to `count` of a seed, with their answers."""
    items = [render_clip(seed, index) for index in range(count)]
    names = [name for name in QUESTIONS if name != "harm"]
    answers = {name: torch.tensor([given[name] for _, given in items]) for name in names}
    return torch.stack([clip for clip, _ in items]), answers


@torch.no_grad()
def answer_shares(
    network: ShapesNet,
    heads: nn.ModuleDict,
    clips: UInt8[Tensor, "N T 3 H W"],
    answers: dict[str, Int[Tensor, "N"]],
) -> dict[str, float]:
    """Share in [0, 1] of right answers, by question; those about content on unspoilt clips."""
    generator = torch.Generator().manual_seed(0)
    spoilt, harm = spoil_some(clips, generator)
    shares = {}
    for name, head in heads.items():
        shown, right = (spoilt, harm) if name == "harm" else (clips, answers[name])
        features = network(to_range(shown, (-1.0, 1.0)).transpose(1, 2))
        shares[name] = float((head(features.relu()).argmax(dim=1) == right).float().mean())
    return shares
