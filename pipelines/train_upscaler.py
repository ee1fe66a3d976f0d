"""A dataset to an upscaler: `make train-upscaler`.

python -m pipelines.train_upscaler --config configs/vfsr/mini.yaml --data data/mini --out runs/sr

Writes config.yaml, metrics.csv, checkpoints/ and model/ into the run folder. A run that was cut
off goes on from its last checkpoint. Further options go to `vfsr fit` as they are.
"""

from pipelines.fit_options import fit_options
from vfsr.__main__ import main

if __name__ == "__main__":
    main(fit_options(__doc__))
