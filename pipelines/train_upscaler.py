"""A dataset to an upscaler: `make train-upscaler`.

python -m pipelines.train_upscaler --config configs/vfsr/mini.yaml --data data/mini --out runs/sr

Writes config.yaml, metrics.csv, checkpoints/ and model/ into the run folder. A run that was cut
off goes on from its last checkpoint. Further options go to `vfsr fit` as they are.

With --through MODEL, a video model's folder or "default" for the one that ships, small crops pass
through that model's autoencoder where the degradation says so: configs/vfsr/generator.yaml. With
--denoise STRENGTH, up to 1, they are noised by as much in between and denoised by the model.
With --refine it is the second stage, `vfsr refine`, that trains: configs/vfsr/refine.yaml.
"""

import argparse

from hdvg.errors import InputError, run_command
from pipelines.fit_options import fit_options
from vfsr.adversarial_training import AdversarialTraining
from vfsr.fit_command import run_fit
from vfsr.training import UpscalerTraining


def main() -> None:
    """Trains."""
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument("--through")
    own.add_argument("--denoise", type=float)
    own.add_argument("--refine", action="store_true")
    options, words = own.parse_known_args()
    arguments = fit_options(__doc__, words)
    training = AdversarialTraining if options.refine else UpscalerTraining
    if options.through is None:
        if options.denoise is not None:
            raise InputError(f"--denoise {options.denoise} needs a model: --through MODEL")
        run_fit(arguments, training=training)
        return
    from pipelines.partial_denoise import PartialDenoise
    from pipelines.through_autoencoder import ThroughAutoencoder
    from vfmodel.pipeline import VideoFactoryPipeline
    from vfmodel.pretrained import STAND_IN_PIPELINE

    folder = STAND_IN_PIPELINE if options.through == "default" else options.through
    through = ThroughAutoencoder.from_pretrained(folder)
    if options.denoise is not None:
        through.alter = PartialDenoise(
            VideoFactoryPipeline.from_pretrained(folder), options.denoise
        )
    run_fit(arguments, through, training)


if __name__ == "__main__":
    run_command(main)
