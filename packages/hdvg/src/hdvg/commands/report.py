"""`hdvg report`: one HTML page that shows a dataset and what became of its inputs."""

from pathlib import Path
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

ABOUT = "Writes one HTML page: funnel, statistics, scores, clips that play, failures, speed."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset, the page, and every field of `GalleryConfig`."""
    from hdvg.report.gallery import GalleryConfig

    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_argument("--out", type=str, default="report.html", help="the page to write")
    command.add_class_arguments(GalleryConfig, as_group=False)


def run(options: "Namespace") -> Result:
    """Writes the page and repeats its key figures."""
    from hdvg.report.gallery import GalleryConfig
    from hdvg.report.page import write_report

    settings = dict(vars(options))
    data, out = settings.pop("data"), Path(settings.pop("out"))
    facts = write_report(data, out, GalleryConfig(**settings))
    nbytes = out.stat().st_size
    found = {
        "report": str(out),
        "nbytes": nbytes,
        "num_videos": facts.num_videos,
        "num_ok": facts.num_ok,
        "num_clips": facts.num_clips,
        "hours": round(facts.hours, 4),
        "funnel": {step.name: step.count for step in (*facts.video_steps, *facts.clip_steps)},
        "failures": {f"{f.fail_class}/{f.code}": f.count for f in facts.failures},
    }
    text = (
        f"{out}: {facts.num_clips} clips from {facts.num_ok} of {facts.num_videos} videos,"
        f" {nbytes / 1e6:.1f} MB\n"
    )
    return Result(text=text, data=found)
