"""Loss curves from the metrics files of training runs."""

import csv
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt


def plot_losses(out: Path, runs: dict[str, Path]) -> Path:
    """Draws `train/loss` over steps from each run's `metrics.csv`, one panel a run."""
    mpl.use("Agg")
    figure, axes = plt.subplots(1, len(runs), figsize=(5 * len(runs), 3.5), squeeze=False)
    for axis, (title, run) in zip(axes[0], runs.items(), strict=True):
        steps, losses = read_losses(run / "metrics.csv")
        axis.plot(steps, losses, color="0.75", linewidth=1, label="each step")
        axis.plot(steps, running_mean(losses), color="tab:blue", label="running mean")
        axis.set(title=title, xlabel="step", ylabel="train/loss")
        axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out, dpi=120)
    plt.close(figure)
    return out


def read_losses(metrics: Path) -> tuple[list[int], list[float]]:
    """Steps and losses of the rows that hold a loss; Lightning leaves other rows' cell empty."""
    with metrics.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("train/loss")]
    return [int(row["step"]) for row in rows], [float(row["train/loss"]) for row in rows]


def running_mean(values: list[float], window: int = 10) -> list[float]:
    """Mean of each value and the up to `window - 1` before it."""
    heads = [values[max(0, i + 1 - window) : i + 1] for i in range(len(values))]
    return [sum(head) / len(head) for head in heads]
