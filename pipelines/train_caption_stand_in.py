"""Trains the captioner that ships with hdvg, or says how good a captioner is.

    python -m pipelines.train_caption_stand_in train       # about 15 minutes of one core
    python -m pipelines.train_caption_stand_in evaluate    # exact matches on held-out keyframes
    python -m pipelines.train_caption_stand_in evaluate --data data/mini   # ... on a shapes dataset

`train` goes on from its checkpoint in runs/caption_stand_in and writes a model folder as a hub
serves it below packages/hdvg/src/hdvg/stand_ins/ (or --out).
"""

import argparse
import logging
from pathlib import Path

from hdvg.captioning.captioner import STAND_IN, CaptionerConfig, describe_captioner, load_captioner
from hdvg.captioning.stand_in_evaluation import ExactMatch, match_dataset, match_rendered
from hdvg.captioning.stand_in_training import StandInTrainingConfig, save_stand_in, train_stand_in
from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import open_dataset
from hdvg.errors import run_command

CHECKPOINTS = Path("runs/caption_stand_in")


def main() -> None:
    """Trains or evaluates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", choices=["train", "evaluate"])
    parser.add_argument("--out", type=Path, default=Path(STAND_IN))
    parser.add_argument("--data", help="a dataset of the shapes corpus that has been captioned")
    parser.add_argument("--family", default="blip2")
    parser.add_argument("--pictures", type=int, default=500)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.job == "train":
        save_stand_in(*train_stand_in(StandInTrainingConfig(), CHECKPOINTS), options.out)
    if options.data:
        report(match_dataset(Catalogue(open_dataset(options.data)[0]), options.family))
    else:
        config = CaptionerConfig(model=str(options.out)).settle(has_gpu=False)
        captioner = load_captioner(config, describe_captioner(config)["revision"])
        report(match_rendered(captioner, options.pictures))


def report(found: ExactMatch) -> None:
    """Prints the rate and some mistakes."""
    speed = f", {found.captions_per_s:.1f} captions/s" if found.captions_per_s else ""
    print(f"{found.num_right} of {found.num_pictures} exact ({found.rate:.1%}){speed}")
    for truth, said in found.wrong:
        print(f"  {truth!r}: said {said!r}")


if __name__ == "__main__":
    run_command(main)
