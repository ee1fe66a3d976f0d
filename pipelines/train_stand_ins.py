"""Trains the models that ship with vfmodel, from rendered scenes alone.

    python -m pipelines.train_stand_ins vae       # about 10 minutes on 2 cores
    python -m pipelines.train_stand_ins clip      # about 8 minutes

They are written, as half-precision safetensors in the layout of a model hub, below
packages/vfmodel/src/vfmodel/stand_ins/ (or --out). The U-Net that goes with them comes from
`vfmodel fit --config configs/vfmodel/mini_from_scratch.yaml`.
"""

import argparse
import logging
from pathlib import Path

from vfmodel.stand_in_training.clip import make_clip
from vfmodel.stand_in_training.image_unet import make_image_unet
from vfmodel.stand_in_training.ship import ship_unet
from vfmodel.stand_in_training.vae import make_vae

STAND_INS = Path("packages/vfmodel/src/vfmodel/stand_ins")


def main() -> None:
    """Trains one stand-in and says what it reaches on frames it has not seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    makers = {"vae": make_vae, "clip": make_clip, "image_unet": make_image_unet, "ship": ship_unet}
    parser.add_argument("model", choices=list(makers))
    parser.add_argument("--out", type=Path, default=STAND_INS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    print(makers[options.model](options.out))


if __name__ == "__main__":
    main()
