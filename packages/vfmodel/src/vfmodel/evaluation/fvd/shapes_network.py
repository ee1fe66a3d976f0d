"""The small 3D network behind shapes-FVD, which knows rendered shapes and nothing else.

It stands where I3D stands in FVD, so that the default runs without a download. Its figures compare
models of the shapes corpus with each other; they are no FVD, and are never called so.
"""

import json
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork, check_file

FIGURE = "shapes-FVD"
HEIGHT_PX, WIDTH_PX = 64, 112
# Fewer features than the 400 of I3D: a covariance of 64 is known well from some hundred videos.
NUM_FEATURES = 64
# Three convolutions of three frames; below it they would see padding alone.
MIN_FRAMES = 4
SHIPPED = Path(__file__).parents[2] / "stand_ins" / "shapes_fvd" / "model.safetensors"


class ShapesNet(nn.Module):
    """Five convolutions over space and time, and a layer that still knows what was where.

    Beside a frame it is shown what changes to the next: without, noise hardly moved its features.
    """

    def __init__(self) -> None:
        """Builds it untrained."""
        super().__init__()
        self.layers = nn.Sequential(
            *_layer(6, 16, (1, 5, 5), (1, 2, 2)),
            *_layer(16, 32, (3, 3, 3), (1, 2, 2)),
            *_layer(32, 48, (3, 3, 3), (1, 2, 2)),
            *_layer(48, 64, (3, 3, 3), (2, 2, 2)),
            *_layer(64, 64, (1, 3, 3), (1, 1, 1)),
        )
        self.project = nn.Linear(64 * (HEIGHT_PX // 16) * (WIDTH_PX // 16), NUM_FEATURES)

    def forward(self, clips: Float[Tensor, "B 3 T 64 112"]) -> Float[Tensor, "B 64"]:
        """Takes clips in [-1, 1]."""
        steps = clips.diff(dim=2, append=clips[:, :, -1:])
        values = self.layers(torch.cat([clips, steps], dim=1)).mean(dim=2)
        features: Tensor = self.project(values.flatten(1))
        return features


def _layer(
    width: int, out: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> tuple[nn.Module, ...]:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    convolution = nn.Conv3d(width, out, kernel, stride, padding, bias=False)
    return convolution, nn.BatchNorm3d(out), nn.ReLU()


def load_shapes_network(path: str | Path = SHIPPED) -> FeatureNetwork:
    """The network from a file of `stand_in_training.shapes_network`; one ships with vfmodel.

    Raises:
        InputError: There is no such file, or it holds something else.
    """
    sha256 = check_file(path, None)
    network = ShapesNet()
    try:
        with safe_open(str(path), framework="pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        network.load_state_dict(weights)
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"{path} holds no network of {FIGURE}: {error}") from error
    return FeatureNetwork(
        figure=FIGURE,
        name="small 3D network trained on rendered shapes",
        sha256=sha256,
        num_features=NUM_FEATURES,
        min_frames=MIN_FRAMES,
        height=HEIGHT_PX,
        width=WIDTH_PX,
        network=network.eval().requires_grad_(False),
        settings={"trained": json.loads(about.get("trained", "{}"))},
    )
