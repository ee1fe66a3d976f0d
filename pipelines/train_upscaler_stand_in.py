"""Trains the upscaler that ships with vfsr, from rendered pictures alone.

    python -m pipelines.train_upscaler_stand_in       # about an hour on two idle cores

Writes a dataset of dead leaves and shapes scenes to data/upscaler_stand_in, trains on it as
configs/vfsr/stand_in.yaml and then stand_in_end.yaml say, mends plain colours
(pipelines/keep_plain_colours.py) and leaves the result, in half precision, in the package. Part of
the small crops pass through the autoencoder of the video model that ships. A run that was cut off
goes on from its last checkpoint.
"""

import argparse
from pathlib import Path

import torch

from hdvg.errors import run_command
from pipelines.keep_plain_colours import keep_plain_colours
from pipelines.through_autoencoder import ThroughAutoencoder
from pipelines.upscaler_pictures import write_dataset
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfsr.fit_command import run_fit
from vfsr.weights import DEFAULT_MODEL, load_rcan, save_rcan

# In order; the second begins with the model that the first leaves in its run folder.
CONFIGS = ("configs/vfsr/stand_in.yaml", "configs/vfsr/stand_in_end.yaml")
TRAINED = Path("runs/upscaler_stand_in_end/model")


def main() -> None:
    """Renders, trains, ships."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=600)
    parser.add_argument("--data", type=Path, default=Path("data/upscaler_stand_in"))
    parser.add_argument("--out", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--films", type=Path, help="folder of films to learn from as well")
    options = parser.parse_args()
    write_dataset(options.data, options.clips, options.films)
    through = ThroughAutoencoder.from_pretrained(STAND_IN_PIPELINE)
    for config in CONFIGS:
        words = ["--config", config, "--data.root", str(options.data), "--ckpt_path", "last"]
        run_fit(["fit", *words], through)
    network = load_rcan(TRAINED)
    keep_plain_colours(network)
    print(save_rcan(network, options.out, torch.float16))


if __name__ == "__main__":
    run_command(main)
