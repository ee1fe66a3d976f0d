"""Trains the models that ship with vfmodel, from rendered scenes alone.

    python -m pipelines.train_stand_ins vae       # about 10 minutes on 2 cores
    python -m pipelines.train_stand_ins clip      # about 8 minutes
    python -m pipelines.train_stand_ins shapes_network  # about 10 minutes on 1

They are written, as half-precision safetensors in the layout of a model hub, below
packages/vfmodel/src/vfmodel/stand_ins/ (or --out). The U-Net that goes with them comes from
`make mini`; `ship` puts it there.
"""

import argparse
import logging
from pathlib import Path

from vfmodel.stand_in_training.clip import make_clip
from vfmodel.stand_in_training.shapes_network import make_shapes_network
from vfmodel.stand_in_training.ship import ship_unet
from vfmodel.stand_in_training.vae import make_vae

STAND_INS = Path("packages/vfmodel/src/vfmodel/stand_ins")


def main() -> None:
    """Trains one stand-in and says what it reaches on frames it has not seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    makers = {
        "vae": make_vae,
        "clip": make_clip,
        "shapes_network": make_shapes_network,
        "ship": ship_unet,
    }
    parser.add_argument("model", choices=list(makers))
    parser.add_argument("--out", type=Path, default=STAND_INS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    print(makers[options.model](options.out))


if __name__ == "__main__":
    main()
