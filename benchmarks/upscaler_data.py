"""Whether training the upscaler waits for its data, with the numbers of configs/vfsr/mini.yaml.

    python -m benchmarks.upscaler_data [--data DATASET] [--steps 20] [--json OUT]

A step's training pairs are made in a worker process while the step before is computed. Measured in
one run, with one thread each and one worker:

- data: CPU-seconds that the pairs of a step take (decoding, cropping, degrading);
- step: CPU-seconds of forward pass, backward pass and optimiser;
- waited: share of the loop's wall-clock that the training stood still for the loader. On a machine
  with other work it says little; the limit is that it is 0 whenever data is less than step and the
  worker has a core, and 1 - step / data otherwise.

Without --data, pictures are rendered as for the shipped weights. Asked: waited at most 0.10.
Predicted: data 0.3 s (8 pairs at 35 ms, and a frame or two to decode), step 0.6 s in float32, so
that one worker is enough by a factor of 2.
"""

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import yaml
from pipelines.upscaler_pictures import write_dataset

from vfsr.data import CropConfig, CropDataModule, Pairs, join
from vfsr.degradation.mixture import DegradationShare
from vfsr.training import UpscalerTraining

CONFIG = Path(__file__).parents[1] / "configs/vfsr/mini.yaml"
RENDERED_CLIPS = 8
ASKED_SHARE = 0.1


def mini_data(root: str) -> CropDataModule:
    """The data of the mini config, from another dataset."""
    settings: dict[str, Any] = yaml.safe_load(CONFIG.read_text())["data"]
    shares = tuple(DegradationShare(**share) for share in settings["crops"].pop("degradations"))
    crops = CropConfig(degradations=shares, **settings["crops"])
    data = CropDataModule(root, crops=crops, batch_size=settings["batch_size"], num_workers=1)
    data.setup("fit")
    return data


def one_step(training: UpscalerTraining, optimiser: torch.optim.Optimizer, batch: Pairs) -> None:
    """As Lightning does it."""
    optimiser.zero_grad()
    training.training_step(batch, 0).backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def measure(data: CropDataModule, steps: int) -> dict[str, float]:
    """CPU-seconds of both sides, and the share of the loop that was waited for."""
    training = UpscalerTraining(init_from="default")
    training.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    optimiser = torch.optim.Adam(training.model.parameters(), lr=1e-5)
    start = time.process_time()
    for step in range(steps):
        join([data.training[step * data.groups + k] for k in range(data.groups)])
    data_s = (time.process_time() - start) / steps
    loader = iter(data.train_dataloader())
    one_step(training, optimiser, next(loader))  # the worker starts, and memory is laid out
    waited = computed = cpu = 0.0
    for _ in range(steps):
        begin = time.perf_counter()
        batch = next(loader)
        ready, ready_cpu = time.perf_counter(), time.process_time()
        one_step(training, optimiser, batch)
        waited += ready - begin
        computed += time.perf_counter() - ready
        cpu += time.process_time() - ready_cpu
    return {"data_s": data_s, "step_s": cpu / steps, "waited": waited / (waited + computed)}


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures; returns 1 if the training waited for more than a tenth of its time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="dataset folder; rendered pictures if not given")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        if options.data is None:
            write_dataset(Path(folder, "data"), RENDERED_CLIPS)
        figures = measure(mini_data(options.data or str(Path(folder, "data"))), options.steps)
    print(f"data {figures['data_s']:.3f} CPU-s, step {figures['step_s']:.3f} CPU-s")
    print(f"waited {figures['waited']:.1%} of the loop")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["waited"] <= ASKED_SHARE else 1


if __name__ == "__main__":
    raise SystemExit(main())
