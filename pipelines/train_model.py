"""A dataset to a text-to-video model: `make train-model`.

python -m pipelines.train_model --config configs/vfmodel/mini.yaml --data data/mini --out runs/mini

Writes config.yaml, metrics.csv, checkpoints/ and model/ into the run folder. A run that was cut
off goes on from its last checkpoint. Further options go to `vfmodel fit` as they are.
"""

from pipelines.fit_options import fit_options
from vfmodel.__main__ import main

if __name__ == "__main__":
    main(fit_options(__doc__))
