"""One run in numbers: what it cost and what came out."""

import csv
import statistics
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.count_memory import count_training_memory
from vfmodel.evaluation.ablation.plan_runs import Run
from vfmodel.evaluation.result_file import RESULT_FILE, read_result

SUMMARY = "summary.json"
# Of a prompt, as CLIP pads them.
_TOKENS = 77


def summarise_run(run: Run) -> dict[str, Any]:
    """Reads a run's metrics, model and result.

    Returns:
        `variant`, `seed`, `cost` (parameters, flops of a clip's step, memory_bytes of a batch's,
        step_s, the last loss) and `result`, the content of the result file.

    Raises:
        InputError: A step has left nothing.
    """
    metrics = read_metrics(run.folder / "fit" / "metrics.csv")
    batch = int(run.settings["data"]["batch_size"])
    return {
        "variant": run.variant,
        "seed": run.seed,
        "cost": {
            **_count_model(run, batch),
            "step_s": statistics.median(metrics["perf/step_s"]),
            "loss": metrics["train/loss"][-1],
        },
        "result": read_result(run.folder / RESULT_FILE),
    }


def read_metrics(path: Path) -> dict[str, list[float]]:
    """Columns of a run's metrics.csv without their gaps.

    Raises:
        InputError: There is none, or it holds no rates.
    """
    if not path.is_file():
        raise InputError(f"no metrics of a run: {path}")
    columns: dict[str, list[float]] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for name, value in row.items():
                if value:
                    columns.setdefault(name, []).append(float(value))
    missing = {"perf/step_s", "train/loss"} - set(columns)
    if missing:
        raise InputError(f"{path} has no {sorted(missing)[0]}: trainer.log_every_n_steps too large")
    return columns


def _count_model(run: Run, batch: int) -> dict[str, float]:
    """Parameters, operations and memory of a step, with Swap-CA where the variant has it."""
    from vfmodel.pretrained import load_part
    from vfmodel.step_cost import count_step_flops
    from vfmodel.unet import SwapUNet

    unet = load_part(SwapUNet, run.folder / "fit" / "model", "unet")
    sizes = unet.config
    latents = (sizes.in_channels, sizes.num_frames, sizes.sample_height, sizes.sample_width)
    return {
        "parameters": float(sum(parameter.numel() for parameter in unet.parameters())),
        "flops": float(count_step_flops(unet, latents, _TOKENS, still=False)),
        "memory_bytes": float(count_training_memory(unet, latents, _TOKENS, batch)),
    }
